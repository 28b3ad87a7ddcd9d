package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/vet"
)

// exports finds what the compiler says about the packages that code under test imports: their
// export data. It is that of the very packages that will be linked, so the check and the compiler
// have the same types before them. Asking the go command takes a quarter of a second, so the
// answers are kept in the cache:
//
//	exports/KEY/fmt    KEY is the hash of what the packages depend on
type exports struct {
	Build
	tools     toolchain
	edited    map[string][]byte
	store     cache
	underTest []string
}

// maxExports is for how long export data is kept that nobody asks for.
const maxExports = 7 * 24 * time.Hour

// frameworkEdits are the edits of the framework itself. Those of the code under test matter to
// nothing here.
func (e exports) frameworkEdits() map[string][]byte {
	edits := map[string][]byte{}
next:
	for name, text := range e.Edits {
		name = path.Clean(filepath.ToSlash(name))
		for _, dir := range e.underTest {
			if strings.HasPrefix(name, dir+"/") {
				continue next
			}
		}
		edits[name] = text
	}
	return edits
}

// of returns the export data of packages.
func (e exports) of(ctx context.Context, paths []string) (map[string][]byte, error) {
	found := map[string][]byte{}
	standard, framework, err := e.dirs()
	if err != nil {
		return nil, err
	}
	place := func(path string) string {
		dir := standard
		if strings.HasPrefix(path, vet.Module+"/") {
			dir = framework
		}
		return filepath.Join(dir, strings.ReplaceAll(path, "/", "!"))
	}
	var missing []string
	for _, path := range paths {
		if data, err := os.ReadFile(place(path)); err == nil && whole(data) {
			found[path] = data
		} else {
			missing = append(missing, path)
		}
	}
	now := time.Now()
	os.Chtimes(standard, now, now) // in use
	os.Chtimes(framework, now, now)
	if len(missing) == 0 {
		return found, nil
	}
	made, err := e.list(ctx, missing)
	if err != nil && len(e.edited) > 0 && ctx.Err() == nil { // this Go release may not like the edits of its runtime
		e.edited = nil
		made, err = e.list(ctx, missing)
	}
	if err != nil {
		return nil, err
	}
	for path, data := range made {
		found[path] = data
		if err := e.keep(place(path), data); err != nil {
			return nil, fmt.Errorf("keep export data: %w", err)
		}
	}
	e.prune()
	return found, nil
}

// dirs are where the export data of the standard library and of the framework is kept.
func (e exports) dirs() (standard, framework string, err error) {
	h := sha256.New()
	fmt.Fprintln(h, engineVersion, e.tools.version, e.tools.root, compileFlags)
	for _, name := range sortedKeys(e.edited) {
		fmt.Fprintf(h, "%q %d\n%s", name, len(e.edited[name]), e.edited[name])
	}
	standard = hex.EncodeToString(h.Sum(nil)[:16])
	e.Impl, e.Package, e.NoOrder, e.NoYield = nil, "", false, false
	// What is under test has no export data here, and must not be imported by what has.
	key, _, err := e.key(e.tools, &tree{replace: e.frameworkEdits()}, e.edited, e.underTest...)
	if err != nil {
		return "", "", err
	}
	root := filepath.Join(e.store.dir, "exports")
	for _, dir := range []string{standard, key} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return "", "", fmt.Errorf("make the cache: %w", err)
		}
	}
	return filepath.Join(root, standard), filepath.Join(root, key), nil
}

// list asks the go command, which compiles what it has not compiled yet; the build has to do so
// anyway.
func (e exports) list(ctx context.Context, paths []string) (map[string][]byte, error) {
	dir, remove, err := e.store.tempDir()
	if err != nil {
		return nil, err
	}
	defer remove()
	c := compilation{Build: e.Build, tools: e.tools, code: &tree{replace: e.frameworkEdits()}, names: map[string]string{}}
	overlay, err := c.writeOverlay(dir, e.edited)
	if err != nil {
		return nil, fmt.Errorf("write the overlay for the compiler: %w", err)
	}
	args := append([]string{"list", "-export", "-json=ImportPath,Export", "-overlay", overlay, "-trimpath", "-buildvcs=false", "--"}, paths...)
	cmd := exec.Command(e.tools.command, args...)
	cmd.Dir, cmd.Env = e.Framework, append(guestBuildEnv(), "GOTMPDIR="+dir)
	out, err := compiling.separate(ctx, "the compiler", cmd)
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := decoder.Decode(&p); err == io.EOF {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		if p.Export == "" {
			continue
		}
		if found[p.ImportPath], err = definition(p.Export); err != nil {
			return nil, fmt.Errorf("read the export data of %s: %w", p.ImportPath, err)
		}
	}
}

// An archive of the compiler begins with this, followed by the size of the part that describes the
// package.
const (
	archiveStart  = "!<arch>\n__.PKGDEF "
	archiveHeader = 8 + 60 // bytes: of the archive, and of its first part
)

// definition reads the part of an archive that describes the package; the rest is machine code.
func definition(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header := make([]byte, archiveHeader)
	if _, err := io.ReadFull(f, header); err != nil {
		return nil, err
	}
	size := definitionSize(header)
	if size < 0 {
		return nil, fmt.Errorf("it does not begin as an archive of the Go compiler does")
	}
	data := append(header, make([]byte, size)...)
	_, err = io.ReadFull(f, data[archiveHeader:])
	return data, err
}

func definitionSize(header []byte) int {
	if len(header) < archiveHeader || !bytes.HasPrefix(header, []byte(archiveStart)) {
		return -1
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(header[8+48 : 8+58])))
	if err != nil || size > 64<<20 {
		return -1
	}
	return size
}

// whole reports whether a kept definition has its full length.
func whole(data []byte) bool { return len(data) == archiveHeader+definitionSize(data) }

// keep writes a file under another name and renames it.
func (e exports) keep(name string, data []byte) error {
	temporary := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%d-%s", os.Getpid(), filepath.Base(name)))
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

// prune drops what nobody has asked for in a long time.
func (e exports) prune() {
	dirs, _ := filepath.Glob(filepath.Join(e.store.dir, "exports", "*")) // the pattern is fixed
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > maxExports {
			os.RemoveAll(dir)
		}
	}
}
