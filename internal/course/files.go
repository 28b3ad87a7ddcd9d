package course

import (
	"bytes"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkoutOnly begins Go files of the command line that are of no use in a course tree, such as the
// command that runs the mutants.
const checkoutOnly = "//raftlab:checkout-only"

// entries are the packages of a course tree that nothing in it imports: the command line, and
// what the engine adds to the code under test when it compiles it.
var entries = []string{"cmd/raftlab", "internal/backedge"}

// Lab is what has to be known of a lab to write a tree for it.
type Lab struct {
	Name    string   // "lab2"
	Package string   // "./raft", the student's
	Test    string   // "TestLab2"
	Parts   []string // "2A", "2B", ...
	Case    string   // one of the first part, as an example: "2A/InitialElection"
	Some    bool     // Parts are not all that there are
}

// frameworkFiles returns the framework's files for labs, by slash-separated path.
func frameworkFiles(root string, labs []Lab) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, fmt.Errorf("the framework at %s is not complete: %w", root, err)
		}
		files[name] = data
	}
	list, err := labsFile(labs)
	if err != nil {
		return nil, err
	}
	c := closure{root: root, files: files, student: map[string]bool{}}
	for _, l := range labs {
		c.student[strings.TrimPrefix(l.Package, "./")] = true
	}
	for pkg := range c.student {
		name := pkg + "/lab_test.go"
		if files[name], err = os.ReadFile(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return nil, fmt.Errorf("the framework at %s is not complete: %w", root, err)
		}
		if err := c.follow(name, files[name]); err != nil {
			return nil, err
		}
	}
	c.seen = append(c.seen, "labs") // not copied but written
	files["labs/labs.go"] = list
	if err := c.follow("labs/labs.go", list); err != nil {
		return nil, err
	}
	for _, dir := range entries {
		if err := c.add(dir); err != nil {
			return nil, err
		}
	}
	return files, addDocs(root, labs, files)
}

// labsFile is the list of labs of the course tree, which has only the ones asked for.
func labsFile(labs []Lab) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Package labs is the list of the labs in this tree. What a lab demands stands in its own package,\n" +
		"// as a table of cases.\npackage labs\n\nimport (\n")
	for _, l := range labs {
		fmt.Fprintf(&b, "\t%q\n", Module+"/labs/"+l.Name)
	}
	fmt.Fprintf(&b, "\tprivate %q\n", Module+"/labs/private")
	fmt.Fprintf(&b, "\t%q\n)\n\n// All returns all labs, in the order in which they are done.\nfunc All() []tester.Lab { return []tester.Lab{", Module+"/tester")
	for i, l := range labs {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s.Lab().With(private.Cases(%[1]q)...)", l.Name)
		if l.Some {
			fmt.Fprintf(&b, ".Only(%s)", `"`+strings.Join(l.Parts, `", "`)+`"`)
		}
	}
	b.WriteString("} }\n")
	return format.Source(b.Bytes())
}

// closure collects packages of the framework and everything of the framework that they import.
type closure struct {
	root    string
	files   map[string][]byte
	student map[string]bool // packages that are the student's to write
	seen    []string
}

// add takes the package in dir, and what it imports.
func (c *closure) add(dir string) error {
	if slices.Contains(c.seen, dir) || c.student[dir] {
		return nil
	}
	c.seen = append(c.seen, dir)
	entries, err := os.ReadDir(filepath.Join(c.root, filepath.FromSlash(dir)))
	if err != nil {
		return fmt.Errorf("the framework at %s is not complete: %w", c.root, err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			err = c.addData(name)
		default:
			err = c.addFile(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *closure) addFile(name string) error {
	if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(path.Base(name), ".") {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	isGo := strings.HasSuffix(name, ".go")
	if isGo && bytes.HasPrefix(data, []byte(checkoutOnly)) {
		return nil
	}
	c.files[name] = data
	if !isGo {
		return nil
	}
	return c.follow(name, data)
}

// addData takes a directory that belongs to a package without being one, such as embedded files.
func (c *closure) addData(dir string) error {
	base := path.Base(dir)
	goFiles, _ := filepath.Glob(filepath.Join(c.root, filepath.FromSlash(dir), "*.go")) // the pattern is fixed
	if base == "testdata" || strings.HasPrefix(base, ".") || len(goFiles) > 0 {
		return nil
	}
	return fs.WalkDir(os.DirFS(c.root), dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, ".go") {
			return err // a package below is taken when somebody imports it
		}
		data, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(name)))
		c.files[name] = data
		return err
	})
}

// follow adds the framework's packages that a Go file imports.
func (c *closure) follow(name string, data []byte) error {
	f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
	if err != nil {
		return fmt.Errorf("reading the framework's imports: %w", err)
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("reading the framework's imports: %s: %w", name, err)
		}
		if dir, ok := strings.CutPrefix(imported, Module+"/"); ok {
			if err := c.add(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// notForStudents begin the names of documents about the framework's own making.
var notForStudents = []string{"design", "mutants", "soak", "grading", "services", "handing-out", "releases", "private-cases", "similarity", "lab3r", "lab4d"}

// addDocs takes the documents for students: the handouts of labs and everything of general
// interest.
func addDocs(root string, labs []Lab, files map[string][]byte) error {
	docs, _ := filepath.Glob(filepath.Join(root, "docs", "*.md")) // the patterns are fixed
	pictures, _ := filepath.Glob(filepath.Join(root, "docs", "*.png"))
	parts, _ := filepath.Glob(filepath.Join(root, "docs", "comparison", "*.md"))
	docs = append(append(docs, pictures...), parts...)
	for _, doc := range docs {
		name := strings.TrimPrefix(filepath.ToSlash(doc), filepath.ToSlash(filepath.Join(root, "docs"))+"/")
		// Handouts build on those of the labs before, also where nobody has to do these.
		if strings.HasPrefix(name, "lab") && !slices.ContainsFunc(labs, func(l Lab) bool {
			return strings.HasPrefix(l.Name, "lab") && name[:min(len(l.Name), len(name))] <= l.Name
		}) {
			continue
		}
		if slices.ContainsFunc(notForStudents, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		data, err := os.ReadFile(doc)
		if err != nil {
			return err
		}
		files["docs/"+name] = data
	}
	files["docs/README.md"] = withoutRows(files["docs/README.md"], func(page string) bool {
		_, there := files["docs/"+page]
		return there
	})
	return nil
}

var (
	firstLink = regexp.MustCompile(`(?m)^\| \[[^\]]*\]\(([^)#]+)\) \|`)
	// emptyChapter is a list without a row: the chapter's name and the head of its table.
	emptyChapter = regexp.MustCompile(`(?m)^\*\*[^*\n]+\*\*\n\n\|[^\n]*\n\|[-|]*\n(?:\n|\z)`)
)

// withoutRows leaves out the rows of a list of pages whose page is not there, and chapters of which
// none is.
func withoutRows(text []byte, there func(page string) bool) []byte {
	var kept bytes.Buffer
	for line := range bytes.Lines(text) {
		if m := firstLink.FindSubmatch(line); m == nil || there(string(m[1])) {
			kept.Write(line)
		}
	}
	return emptyChapter.ReplaceAll(kept.Bytes(), nil)
}
