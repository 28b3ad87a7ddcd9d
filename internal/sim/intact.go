package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files of the cache are trusted for as long as they are what they were when they were made: a disk
// that was full, a copy that broke off or a curious editor must not decide how a run goes. Each
// kind carries a hash. A file that does not match it is made anew.
//
//	keys/KEY.json     its field sum, of the key and the binary
//	wasm/ID.wasm      its name
//	native/ID/...     native/ID/sums.json

// remembered is the content of a file in keys.
type remembered struct {
	Key    string  `json:"key"`
	Binary *Binary `json:"binary"`
	Sum    string  `json:"sum"`
}

// sealed is the text that says what a build with key made.
func sealed(key string, b *Binary) ([]byte, error) {
	r := remembered{Key: key, Binary: b}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	r.Sum = hashOf(text)
	return json.Marshal(r)
}

// parseKey returns what a file in keys says about key, or nil if it is damaged or about another
// one.
func parseKey(key string, text []byte) *Binary {
	var r remembered
	if json.Unmarshal(text, &r) != nil || r.Binary == nil || r.Key != key || r.Binary.ID == "" {
		return nil
	}
	binary := r.Binary
	if again, err := sealed(key, binary); err != nil || string(again) != string(text) {
		return nil
	}
	return binary
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// contentID is the ID of a test binary; one for this machine has hostPrefix before it.
func contentID(binary []byte) string { return hashOf(binary)[:24] }

// readBinary reads a test binary and compares it with its name.
func readBinary(path string) ([]byte, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), hostPrefix), ".")
	if id != contentID(binary) {
		return nil, fmt.Errorf("%s is not what its name says (it was damaged, or is another file); delete it and try again", path)
	}
	return binary, nil
}

const sumsFile = "sums.json"

// ends is how much of each end of a file of machine code is hashed, in bytes: the places of all
// functions, and what follows the code. The code between them has a checksum of wazero's own, which
// looks at it anyway. There are some 40 MB of it, and each worker reads them: hashing all of it was
// a quarter of what a worker takes to begin.
const ends = 1 << 20

// sumOfEnds is what sums.json has of a file.
func sumOfEnds(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, info.Size())
	for _, at := range []int64{0, max(0, info.Size()-ends)} {
		if _, err := io.Copy(h, io.NewSectionReader(f, at, ends)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// dropDamaged removes the files below dir, a directory of machine code, that are not what sums.json
// says.
func dropDamaged(dir string) {
	sums := map[string]string{}
	if text, err := os.ReadFile(filepath.Join(dir, sumsFile)); err == nil && json.Unmarshal(text, &sums) != nil {
		sums = nil
	}
	eachNative(dir, func(name, relative string) {
		if sum, err := sumOfEnds(name); err != nil || sums[relative] != sum {
			os.Remove(name)
		}
	})
}

// writeSums notes the hashes of all machine code in dir. If it fails, the next worker makes the
// code anew.
func writeSums(dir string) {
	sums := map[string]string{}
	eachNative(dir, func(name, relative string) {
		if sum, err := sumOfEnds(name); err == nil {
			sums[relative] = sum
		}
	})
	text, err := json.MarshalIndent(sums, "", "\t")
	if err != nil {
		return
	}
	replaceFile(filepath.Join(dir, sumsFile), text, dir, sumsFile+".*.tmp")
}

// eachNative calls f with the path of each file of machine code in dir, and with its path relative
// to dir. Files that are being written (or were, by a process that was killed) are left alone until
// they are old.
func eachNative(dir string, f func(name, relative string)) {
	filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == sumsFile {
			return nil
		}
		if strings.HasSuffix(name, ".tmp") {
			if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
				os.Remove(name)
			}
			return nil
		}
		if relative, err := filepath.Rel(dir, name); err == nil {
			f(name, filepath.ToSlash(relative))
		}
		return nil
	})
}
