package adopt

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// solution is one small solution of our own, in the form of 2023: files by their names. The forms
// of other years and of other students are made from it by replacing text.
type solution map[string]string

func base(t *testing.T) solution { return stored(t, "course") }

// stored is one of the solutions in testdata.
func stored(t *testing.T, name string) solution {
	t.Helper()
	s := solution{}
	root := filepath.Join("testdata", name)
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		s[name] = string(text)
		return err
	}))
	return s
}

// replace replaces texts in all files; each must be there.
func (s solution) replace(t *testing.T, pairs ...string) solution {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		found := false
		for name, text := range s {
			if strings.Contains(text, pairs[i]) {
				found, s[name] = true, strings.ReplaceAll(text, pairs[i], pairs[i+1])
			}
		}
		require.True(t, found, "nothing like %q", pairs[i])
	}
	return s
}

// cut takes the text from one mark to the next out of a file.
func (s solution) cut(t *testing.T, name, from, to string) solution {
	t.Helper()
	before, rest, ok := strings.Cut(s[name], from)
	_, after, ok2 := strings.Cut(rest, to)
	require.True(t, ok && ok2, "%s: %q to %q", name, from, to)
	s[name] = before + to + after
	return s
}

// moved moves files, by the beginnings of their names.
func (s solution) moved(from, to string) solution {
	for _, name := range sortedKeys(s) {
		if rest, ok := strings.CutPrefix(name, from); ok {
			s[to+rest] = s[name]
			delete(s, name)
		}
	}
	return s
}

func (s solution) without(names ...string) solution {
	for _, prefix := range names {
		maps.DeleteFunc(s, func(name, _ string) bool { return strings.HasPrefix(name, prefix) })
	}
	return s
}

// write puts the solution on disk.
func (s solution) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range s {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return dir
}

// zipped is an archive of a folder.
func zipped(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "me.zip")
	f, err := os.Create(file)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	require.NoError(t, z.AddFS(os.DirFS(dir)))
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	return file
}

func adopted(t *testing.T, s solution) *Adopted {
	t.Helper()
	a, err := Read(context.Background(), s.write(t), Auto)
	require.NoError(t, err)
	return a
}

// text is a file of the adopted tree.
func (a *Adopted) text(t *testing.T, name string) string {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Text)
		}
	}
	require.Fail(t, "there is no file "+name)
	return ""
}

// says reports whether a note has all of these texts.
func (a *Adopted) says(kind Kind, texts ...string) bool {
	for _, n := range a.Notes {
		all := n.Kind == kind
		for _, text := range texts {
			all = all && strings.Contains(n.String(), text)
		}
		if all {
			return true
		}
	}
	return false
}

// compiles compiles packages of the adopted tree in the place of the framework's.
func compiles(t *testing.T, a *Adopted, packages ...string) {
	t.Helper()
	args := []string{"build", "-overlay", overlaid(t, a, packages...)}
	for _, p := range packages {
		args = append(args, "./"+p)
	}
	inFramework(t, "go", args...)
}

// inFramework runs a command in the framework.
func inFramework(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// overlaid is an overlay that puts packages of the adopted tree in the place of the framework's.
// What runs the cases stays.
func overlaid(t *testing.T, a *Adopted, packages ...string) (file string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir, replace := t.TempDir(), map[string]string{}
	require.NoError(t, a.Write(filepath.Join(dir, "tree")))
	for _, p := range packages {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, p), func(name string, e fs.DirEntry, err error) error {
			if filepath.Ext(name) == ".go" && filepath.Base(name) != "lab_test.go" {
				replace[name] = ""
			}
			return err
		}))
	}
	for _, f := range a.Files {
		replace[filepath.Join(root, filepath.FromSlash(f.Name))] = filepath.Join(dir, "tree", filepath.FromSlash(f.Name))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlay := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o644))
	return overlay
}
