package owncases

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// templates are the files to begin with. Their names end in .txt, so that the compiler does not
// take them for ours.
//
//go:embed template
var templates embed.FS

// Write writes a module with one case into dir, which is empty or does not exist. It is built on
// the checkout at framework.
func Write(framework, dir string) error {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty; name a directory that is empty or does not exist", dir)
	}
	goMod, err := os.ReadFile(filepath.Join(framework, "go.mod"))
	if err != nil {
		return fmt.Errorf("read the framework's go.mod: %w", err)
	}
	sums, err := os.ReadFile(filepath.Join(framework, "go.sum"))
	if err != nil {
		return fmt.Errorf("read the framework's go.sum: %w", err)
	}
	_, needs, _ := strings.Cut(strings.ReplaceAll(string(goMod), "\r\n", "\n"), "\ngo ")
	files := map[string]string{
		"go.mod": "module example.org/cases\n\ngo " + needs + "\nrequire raftlab v0.0.0\n\n" +
			"// The checkout of raftlab that the cases are tried on with `go test`.\nreplace raftlab => " + filepath.ToSlash(framework) + "\n",
		"go.sum": string(sums),
	}
	names, err := fs.Glob(templates, "template/*.txt")
	for _, name := range names {
		text, readErr := templates.ReadFile(name)
		files[strings.TrimSuffix(filepath.Base(name), ".txt")], err = string(text), errors.Join(err, readErr)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the template: %w", err)
		}
	}
	return nil
}
