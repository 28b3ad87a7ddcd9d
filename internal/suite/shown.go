package suite

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// FromItsRoot is the code with its files shown as they are called from its own root, which is what
// the author of it knows: "raft/raft.go".
func (c Code) FromItsRoot() Code {
	shown := map[string]string{}
	for name, dir := range c.Impl {
		rel, err := filepath.Rel(c.Key, dir)
		if err != nil {
			return c
		}
		shown[name] = filepath.ToSlash(rel)
	}
	c.shown = shown
	return c
}

// From says that the code stands where it was adopted, and is somebody's from elsewhere: given is
// how the user calls that, key its absolute path, and dirs say which of its directories became
// which here. Files are shown by their names there.
func (c Code) From(given, key string, dirs map[string]string) Code {
	c.Given, c.Key = given, key
	return c.shownIn(given, dirs)
}

// shownIn is the code with its directories shown as they are called below base.
func (c Code) shownIn(base string, dirs map[string]string) Code {
	c.shown = map[string]string{}
	for here, there := range dirs {
		c.shown[here] = path.Join(filepath.ToSlash(base), there)
	}
	return c
}

// FromDirs is like FromItsRoot for code that was adopted: dirs say what its directories were
// called.
func (c Code) FromDirs(dirs map[string]string) Code {
	if len(dirs) == 0 {
		return c.FromItsRoot()
	}
	return c.shownIn("", dirs)
}

// shownBase is what the user sees before a file's name: nothing for the tree they are in.
func (c Code) shownBase() string {
	if c.Given == "." {
		if rel, err := relativeToHere(c.Framework); err == nil {
			return rel
		}
	}
	return c.Given
}

func relativeToHere(path string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Rel(here, path)
}

// Show turns a place in the build, such as "raftlab/raft/raft.go:12", into one that the user knows.
func (c Code) Show(place string) string {
	place = strings.TrimPrefix(filepath.ToSlash(place), "raftlab/")
	in := innermost(c.shown, place)
	if in == "" {
		return place
	}
	return strings.TrimPrefix(c.shown[in]+strings.TrimPrefix(place, in), "./")
}

// Source is where a file of the build stands, such as "raft/raft.go": in the code under test, or in
// the framework.
func (c Code) Source(file string) string {
	in := innermost(c.Impl, file)
	if in == "" {
		return filepath.Join(c.Framework, filepath.FromSlash(file))
	}
	return filepath.Join(c.Impl[in], filepath.FromSlash(strings.TrimPrefix(file, in)))
}

// innermost is the package among dirs that a place is in, or "": the longest name, since packages
// stand in each other.
func innermost(dirs map[string]string, place string) (best string) {
	for name := range dirs {
		if strings.HasPrefix(place, name+"/") && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// ShowAll turns the places that texts name by their absolute paths into those that the user knows.
func (c Code) ShowAll(texts []string) (shown []string) {
	for _, text := range texts {
		shown = append(shown, c.showIn(text))
	}
	return shown
}

func (c Code) showIn(text string) string {
	for name, dir := range c.Impl {
		var told strings.Builder
		for { // what is told already is not looked at again: it may name the same path
			i := strings.Index(text, dir+string(filepath.Separator))
			if i < 0 {
				break
			}
			end := strings.Index(text[i:], ".go")
			if end < 0 {
				break
			}
			end += i + len(".go")
			told.WriteString(text[:i] + c.Show(name+filepath.ToSlash(text[i+len(dir):end])))
			text = text[end:]
		}
		text = told.String() + text
	}
	return text
}

// relative turns a file as the build knows it into the one that the user knows.
func (c Code) relative(file string) string {
	if !filepath.IsAbs(file) {
		return c.Show(file)
	}
	for name, dir := range c.Impl {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return c.Show(name + "/" + filepath.ToSlash(rel))
		}
	}
	if rel, err := filepath.Rel(c.Framework, file); err == nil && filepath.IsLocal(rel) {
		return c.Show(filepath.ToSlash(rel))
	}
	return file
}
