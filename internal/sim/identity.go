package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/vet"
)

// Identity says what a verdict depends on beside the code under test: two machines with equal
// identities give the same verdicts.
type Identity struct {
	GoVersion string `json:"go"`        // "go1.26.8"
	Engine    string `json:"engine"`    // hash of the engine's rules and of its edits of the Go runtime
	Framework string `json:"framework"` // hash of the framework's sources
	// Cases is a hash of the instructor's own cases, where there are some.
	Cases string `json:"cases,omitempty"`
}

// besideRuns are the folders that no run depends on: what surrounds the engine and what is said
// about runs.
var besideRuns = []string{"docs", "cmd", "mutants", "variants", "internal/compare", "internal/course", "internal/fixtures", "internal/formats",
	"internal/grade", "internal/hidden", "internal/mutation", "internal/patch", "internal/plain", "internal/release", "internal/suite", "internal/timeline",
	"internal/transcript"}

// IdentityOf returns the identity of a framework on this machine.
func IdentityOf(ctx context.Context, framework string) (Identity, error) {
	tools, err := findToolchain(ctx, framework)
	if err != nil {
		return Identity{}, err
	}
	engine := sha256.New()
	fmt.Fprintln(engine, engineVersion, compileFlags, vet.Rules())
	edited, _, _ := runtimeOverlay(tools.root, wasmEngine)
	for _, name := range sortedKeys(edited) {
		fmt.Fprintf(engine, "%q %d\n%s", name, len(edited[name]), edited[name])
	}
	sources := sha256.New()
	err = walkPackages(framework, func(name string) error {
		relative, err := filepath.Rel(framework, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		switch {
		case slices.ContainsFunc(besideRuns, func(dir string) bool { return strings.HasPrefix(relative, dir+"/") }):
			return nil
		case strings.HasSuffix(relative, "_test.go") && !strings.HasSuffix(relative, "/lab_test.go"):
			return nil
		case filepath.Ext(relative) == ".go", relative == "go.mod", relative == "go.sum":
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(sources, "%q %d\n%s", relative, len(text), text)
		}
		return nil
	})
	if err != nil {
		return Identity{}, fmt.Errorf("read the framework: %w", err)
	}
	sum := func(b []byte) string { return hex.EncodeToString(b[:16]) }
	return Identity{GoVersion: tools.version, Engine: sum(engine.Sum(nil)), Framework: sum(sources.Sum(nil))}, nil
}
