// Package upload writes what a grading service wants to be given: a grader that is complete in
// itself, with the framework, the modules that it imports, and scripts in the service's own form.
//
//	DIR/                 the service's own files: setup.sh and run_autograder for Gradescope, for example
//	    grader/raftlab/  the framework, without wrong versions, pages and tests
//	    grader/modules/  the modules that it needs, as a module proxy in files
//	    grader/*.sh      setup (once), grade (each submission)
//	    Dockerfile       the grader as an image, for services that want one
//
// The scripts are in files/, and are run in a test, without a network.
package upload

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed files
var files embed.FS

// Services are those that there are scripts for.
var Services = []string{"autolab", "github", "gradescope", "prairielearn"}

// Settings are what a grader does.
type Settings struct {
	Selection string // as on the command line: "2A-2D"
	First     string // a case of it, to compile ahead
	Seeds     string
	Limit     time.Duration
	Memory    string // that a run may have, as on the command line; "" for the default
	Go        string // "go1.26.8"
	Policy    []byte // nil: the default
	Salt      []byte // nil: seeds are not hidden
	Numbering string // by which the selection, the policy and the feedback name parts; "" for our own
	// Cases writes the instructor's own cases into a directory; nil where there are none.
	Cases func(dir string) error
	// Modules writes a folder vendor with modules that the course allows into a directory; nil where
	// there are none.
	Modules func(dir string) error
}

// Tag is the Go release as images are called.
func (s Settings) Tag() string { return strings.TrimPrefix(s.Go, "go") }

// Seconds is a timeout for the service, which has to be longer than the grader's own limit.
func (s Settings) Seconds() int { return int((s.Limit + time.Minute).Seconds()) }

// Minutes is the same in minutes.
func (s Settings) Minutes() int { return (s.Seconds() + 59) / 60 }

// Write writes the upload for a service into dir, which must be empty or not exist.
func Write(ctx context.Context, framework, service, dir string, s Settings) error {
	if !slices.Contains(Services, service) {
		return fmt.Errorf("there is no grader for %q; there are %s", service, strings.Join(Services, ", "))
	}
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty; name a directory that is empty or does not exist", dir)
	}
	grader := filepath.Join(dir, "grader")
	if err := copyFramework(framework, filepath.Join(grader, "raftlab")); err != nil {
		return err
	}
	if err := copyModules(ctx, framework, filepath.Join(grader, "modules")); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"policy.yaml", s.Policy}, {"salt", s.Salt}} {
		if f.text != nil {
			if err := os.WriteFile(filepath.Join(grader, f.name), f.text, 0o600); err != nil {
				return err
			}
		}
	}
	for name, write := range map[string]func(dir string) error{"cases": s.Cases, "modules": s.Modules} {
		if write == nil {
			continue
		}
		if err := write(filepath.Join(grader, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{"env.sh", "setup.sh", "grade.sh"} {
		if err := s.script(name, filepath.Join(grader, name)); err != nil {
			return err
		}
	}
	return s.service(service, dir)
}

// service writes the files in the service's own form.
func (s Settings) service(service, dir string) error {
	own, err := fs.ReadDir(files, "files/"+service)
	if err != nil {
		return err
	}
	for _, e := range own {
		to := filepath.Join(dir, e.Name())
		if e.Name() == "run.sh" { // it is part of the image
			to = filepath.Join(dir, "grader", e.Name())
		}
		if err := s.script(service+"/"+e.Name(), to); err != nil {
			return err
		}
	}
	if service == "gradescope" {
		return nil
	}
	return s.script("Dockerfile", filepath.Join(dir, "Dockerfile"))
}

// script fills in one of the files.
func (s Settings) script(name, to string) error {
	t, err := template.ParseFS(files, "files/"+name)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(b.Bytes(), []byte("#!")) {
		mode = 0o755
	}
	return os.WriteFile(to, b.Bytes(), mode)
}

// leftOut are the folders of a checkout that a grader does without.
var leftOut = []string{"docs", "mutants", "variants", "internal/fixtures"}

// copyFramework copies what the grader compiles.
func copyFramework(from, to string) error {
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		base := path.Base(rel)
		switch {
		case e.IsDir():
			if rel != "." && (strings.HasPrefix(base, ".") || base == "testdata" || slices.Contains(leftOut, rel)) {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular(), strings.HasPrefix(base, "."):
			return nil
		case strings.HasSuffix(base, "_test.go") && base != "lab_test.go":
			return nil
		case !strings.Contains(rel, "/") && base != "go.mod" && base != "go.sum" && base != "LICENSE":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("copy the framework: %w", err)
		}
		file := filepath.Join(to, filepath.FromSlash(rel))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, text, 0o644)
	})
}

// copyModules makes a module proxy in files of what the framework imports. All of it is in the
// module cache, or is downloaded now.
func copyModules(ctx context.Context, framework, to string) error {
	goCommand := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Env = framework, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return out, err
	}
	used, err := goCommand("list", "-deps", "-test", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}",
		"./cmd/raftlab", "./kvsrv", "./raft", "./kvraft", "./shardkv")
	if err != nil {
		return fmt.Errorf("find out which modules the framework imports: %w", err)
	}
	wanted := strings.Fields(string(used))
	slices.Sort(wanted)
	out, err := goCommand(append([]string{"mod", "download", "-json"}, slices.Compact(wanted)...)...)
	if err != nil {
		return fmt.Errorf("get the modules that the framework imports: %w", err)
	}
	root, err := goCommand("env", "GOMODCACHE")
	if err != nil {
		return err
	}
	download := filepath.Join(strings.TrimSpace(string(root)), "cache", "download")
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var m struct{ Info, GoMod, Zip string }
		if err := d.Decode(&m); err != nil {
			return err
		}
		for _, file := range []string{m.Info, m.GoMod, m.Zip} {
			if err := copyModuleFile(download, file, to); err != nil {
				return err
			}
		}
	}
	return copyGoMods(framework, download, to)
}

// copyGoMods copies the go.mod files of all other modules of the build list, which the go command
// reads as well.
func copyGoMods(framework, download, to string) error {
	sums, err := os.ReadFile(filepath.Join(framework, "go.sum"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(sums)) {
		f := strings.Fields(line)
		if len(f) != 3 || !strings.HasSuffix(f[1], "/go.mod") {
			continue
		}
		file := filepath.Join(download, escaped(f[0]), "@v", escaped(strings.TrimSuffix(f[1], "/go.mod"))+".mod")
		if err := copyModuleFile(download, file, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // what is not in the cache was not needed for a build here either
		}
	}
	return nil
}

func copyModuleFile(download, file, to string) error {
	rel, err := filepath.Rel(download, file)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("a module is not where it is looked for: %s", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	name := filepath.Join(to, rel)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// escaped is a module path as files are called by it: capital letters become small ones with a
// mark.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b.WriteRune('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
