package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Engines says on what it depends whether both engines make the same runs on this machine.
type Engines struct {
	Key       string // hash of all of it
	GoVersion string // "go1.26.8"
	Overlay   string // version of the edits of the Go runtime, of both engines: a hash
	Problem   string // why there is no native engine here: the edits do not fit the Go release
}

// engineParts are the framework's folders that a run is made of whatever the code under test, and
// the engines themselves.
var engineParts = []string{"tester", "labrpc", "labgob", "internal/backedge", "internal/globals", "internal/record", "internal/sim", "internal/yield"}

// FindEngines looks at the toolchain and at the framework at root.
func FindEngines(ctx context.Context, root string) (Engines, error) {
	tools, err := findToolchain(ctx, root)
	if err != nil {
		return Engines{}, err
	}
	e := Engines{GoVersion: tools.version}
	all := sha256.New()
	fmt.Fprintln(all, engineVersion, tools.version, runtime.GOOS, runtime.GOARCH)
	var notes []string
	if e.Overlay, notes = overlayVersion(tools); len(notes) > 0 {
		e.Problem = fmt.Sprintf("the native engine does not fit %s: %s", tools.version, strings.Join(notes, "; "))
	}
	fmt.Fprintln(all, e.Overlay)
	for _, part := range engineParts {
		if err := hashFolder(all, root, part); err != nil {
			return e, fmt.Errorf("read the framework: %w", err)
		}
	}
	e.Key = hex.EncodeToString(all.Sum(nil)[:16])
	return e, nil
}

// overlayVersion is a hash of what the runtime of Go becomes in both engines, with which edits do not
// fit, by the first engine of which some do not.
func overlayVersion(tools toolchain) (version string, problems []string) {
	overlay := sha256.New()
	for _, engine := range []string{wasmEngine, nativeEngine} {
		files, _, notes := runtimeOverlay(tools.root, engine)
		if len(problems) == 0 {
			problems = notes
		}
		for _, name := range sortedKeys(files) {
			fmt.Fprintf(overlay, "%s %q %d\n%s", engine, name, len(files[name]), files[name])
		}
	}
	return hex.EncodeToString(overlay.Sum(nil)[:4]), problems
}

// hashFolder adds the files of a folder that are compiled, and those that are embedded.
func hashFolder(h hash.Hash, root, folder string) error {
	return walkPackages(filepath.Join(root, filepath.FromSlash(folder)), func(name string) error {
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		fmt.Fprintf(h, "%q %d\n%s", filepath.ToSlash(relative), len(text), text)
		return err
	})
}

// Compared is what a comparison of the engines has found.
type Compared struct {
	Key       string    `json:"key"` // of [Engines]
	GoVersion string    `json:"goVersion"`
	Overlay   string    `json:"overlay"`
	When      time.Time `json:"when"`
	Runs      int       `json:"runs"`              // how many were made in both engines
	Differs   string    `json:"differs,omitempty"` // the first run that was another one in each, or ""
}

// Equal says that each run was the same in both engines.
func (c Compared) Equal() bool { return c.Differs == "" && c.Runs > 0 }

// maxCompared is how many comparisons are remembered.
const maxCompared = 32

// RecallEngines returns what was found about the engines when they were compared last, or nil.
func RecallEngines(e Engines) *Compared {
	store, err := openCache()
	if err != nil {
		return nil // nothing can be remembered, so nothing is
	}
	for _, c := range store.compared() {
		if c.Key == e.Key {
			return &c
		}
	}
	return nil
}

// RememberEngines keeps what a comparison has found, in the cache.
func RememberEngines(c Compared) error {
	store, err := openCache()
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(store.compared(), func(old Compared) bool { return old.Key == c.Key })
	list = append(list, c)
	list = list[max(0, len(list)-maxCompared):]
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	if err := replaceFile(store.enginesFile(), text, filepath.Join(store.dir, "tmp"), "engines-"); err != nil {
		return fmt.Errorf("remember the comparison of the engines: %w", err)
	}
	return nil
}

func (c cache) enginesFile() string { return filepath.Join(c.dir, "engines.json") }

// compared reads the file of comparisons. One that cannot be read is an empty one: the engines are
// compared again.
func (c cache) compared() (list []Compared) {
	text, err := os.ReadFile(c.enginesFile())
	if err != nil || json.Unmarshal(text, &list) != nil {
		return nil
	}
	return list
}
