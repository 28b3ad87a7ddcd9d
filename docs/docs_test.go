// Package docs_test keeps the documentation and the program in step: links lead somewhere, and what
// a page names (cases, commands, flags, rules) exists under that name.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftlab/labs"
)

// pages returns the text of every page by its path relative to this folder, those of the project
// beside it included.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join("comparison", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	above := append(more, filepath.Join("..", "README.md"), contributing, filepath.Join("..", "mutants", "README.md"))
	for _, f := range append(files, above...) {
		text, err := os.ReadFile(f)
		if os.IsNotExist(err) && strings.HasPrefix(f, "..") {
			continue // a course tree may come without it
		}
		if err != nil {
			t.Fatal(err)
		}
		found[f] = string(text)
	}
	return found
}

// contributing is the page for those who change the framework. Course trees are without it.
var contributing = filepath.Join("..", "CONTRIBUTING.md")

var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

func TestLinksResolve(t *testing.T) {
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(withoutBlocks(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
			}
			content, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() && anchor == "" {
				continue
			}
			if err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s: link to %s: there is no such heading", page, m[1])
			}
		}
	}
}

var (
	heading    = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	notInSlugs = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	fence      = regexp.MustCompile("(?ms)^```.*?^```")
)

// withoutBlocks drops fenced blocks: what looks like markdown in them is none.
func withoutBlocks(text string) string { return fence.ReplaceAllString(text, "") }

// anchors returns the names under which the headings of a page can be linked to.
func anchors(text string) []string {
	var found []string
	for _, m := range heading.FindAllStringSubmatch(withoutBlocks(text), -1) {
		slug := notInSlugs.ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(slug, " ", "-"))
	}
	return found
}

var caseName = regexp.MustCompile(`\b(1[A-D]|2[A-F]|3[A-ER]|4[A-F]|P)/([A-Z]\w+)`)

func TestCasesExist(t *testing.T) {
	var cases []string
	for _, l := range labs.All() {
		for _, c := range l.Cases {
			cases = append(cases, c.ID())
		}
	}
	if len(cases) == 0 {
		t.Fatal("the labs have no cases")
	}
	for page, text := range pages(t) {
		for _, m := range caseName.FindAllString(text, -1) {
			if !slices.Contains(cases, m) {
				t.Errorf("%s names %s, which is not a case", page, m)
			}
		}
	}
}

// literals returns the string literals in the Go files below dir: commands are declared with one,
// so whatever a page names must be among them.
func literals(t *testing.T, dir string) (found []string) {
	t.Helper()
	inspect(t, dir, func(n ast.Node) {
		if s, ok := literal(n); ok {
			found = append(found, s)
		}
	})
	return found
}

// flagCall is a function that declares a flag: BoolVar, StringSliceVarP, Func, ...
var flagCall = regexp.MustCompile(`^(Bool|String|StringSlice|StringArray|Int|Int64|Uint64|Float64|Duration|Text|Func)?(Var)?P?$`)

// flags returns the names of the flags that the Go files below dir declare.
func flags(t *testing.T, dir string) (found []string) {
	t.Helper()
	inspect(t, dir, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || !flagCall.MatchString(f.Sel.Name) {
			return
		}
		for _, arg := range call.Args {
			if s, ok := literal(arg); ok {
				found = append(found, s)
				return
			}
		}
	})
	return found
}

// literal returns the value of a string literal.
func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// inspect visits the syntax of the Go files below dir, without tests.
func inspect(t *testing.T, dir string, visit func(ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			visit(n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	command  = regexp.MustCompile("(?m)(?:^    |`)(?:go run \\./cmd/)?raftlab ([a-z]+)")
	longFlag = regexp.MustCompile("(?m)(?:^|[\\s`\\[(])--([a-z][a-z-]*)")
	testLine = regexp.MustCompile("go test [^`\n]*")
	testFlag = regexp.MustCompile(`\s-([a-z]+)`)
)

// flagsOf returns the long flags in a text that are raftlab's: those in code of their own, and
// those on a line with raftlab in it. Others are git's, or anyone's.
func flagsOf(text string) []string {
	var flags []string
	for line := range strings.SplitSeq(text, "\n") {
		for _, m := range longFlag.FindAllStringSubmatch(line, -1) {
			if strings.HasPrefix(m[0], "`") || strings.Contains(line, "raftlab") {
				flags = append(flags, m[1])
			}
		}
	}
	return flags
}

func TestCommandsAndFlagsExist(t *testing.T) {
	program, known := literals(t, filepath.Join("..", "cmd", "raftlab")), flags(t, filepath.Join("..", "cmd", "raftlab"))
	// The real cluster has commands of its own, and course trees are without it.
	if own := filepath.Join("..", "cluster", "cmd"); isDir(own) {
		program, known = append(program, literals(t, own)...), append(known, flags(t, own)...)
	}
	declared := func(name string) bool {
		return slices.ContainsFunc(program, func(s string) bool { return s == name || strings.HasPrefix(s, name+" ") })
	}
	harness := append(literals(t, filepath.Join("..", "tester")), literals(t, filepath.Join("..", "labs", "porcupine"))...)
	ofGo := []string{"run", "race", "v", "count", "timeout", "bench", "benchmem", "fuzz", "fuzztime", "exec", "c", "overlay"}
	for page, text := range pages(t) {
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			if !declared(m[1]) {
				t.Errorf("%s: there is no command raftlab %s", page, m[1])
			}
		}
		for _, name := range flagsOf(text) {
			if !slices.Contains(known, name) {
				t.Errorf("%s: raftlab has no flag --%s", page, name)
			}
		}
		for _, line := range testLine.FindAllString(text, -1) {
			for _, m := range testFlag.FindAllStringSubmatch(line, -1) {
				if !slices.Contains(ofGo, m[1]) && !slices.Contains(harness, m[1]) {
					t.Errorf("%s: %q: neither go test nor the harness has -%s", page, line, m[1])
				}
			}
		}
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// TestRulesAreExplained compares the harness's rules with the table of rules and verdicts, and with
// the tables of common mistakes.
func TestRulesAreExplained(t *testing.T) {
	rules := literals(t, filepath.Join("..", "tester"))
	constants := rulesOf(t)
	text := pages(t)
	for _, r := range constants {
		if !strings.Contains(text["verdicts.md"], r) {
			t.Errorf("verdicts.md does not explain the rule %q", r)
		}
	}
	quoted := regexp.MustCompile("`([a-z][A-Za-z ]+ [A-Za-z ]+)`")
	for _, page := range handouts(text) {
		_, mistakes, _ := strings.Cut(text[page], "## Common mistakes")
		mistakes, _, _ = strings.Cut(mistakes, "\n## ")
		for _, m := range quoted.FindAllStringSubmatch(mistakes, -1) {
			if !slices.Contains(constants, m[1]) && !slices.Contains(rules, m[1]) && m[1] != "busy loop" {
				t.Errorf("%s: no rule is called %q", page, m[1])
			}
		}
	}
}

// handouts returns the names of the pages that lead through a part of a lab.
func handouts(pages map[string]string) []string {
	names := slices.Sorted(maps.Keys(pages))
	return slices.DeleteFunc(names, func(name string) bool { return !handout.MatchString(name) })
}

var handout = regexp.MustCompile(`^lab(1|\d[a-z])\.md$`)

// Whoever is dropped into a file finds its room in CONTRIBUTING.md, with a sentence.
func TestEveryRoomHasASentence(t *testing.T) {
	text, err := os.ReadFile(contributing)
	if os.IsNotExist(err) {
		t.Skip("a course tree is for those who use the framework, and without the page for those who change it")
	}
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]bool{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if first, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
				rooms[m[1]] = true
			}
		}
	}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "testdata" || name == "fixtures" || name != ".." && strings.HasPrefix(name, ".") || name == "variants" {
			return filepath.SkipDir
		}
		room, _ := filepath.Rel("..", path)
		if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) > 0 && !rooms[filepath.ToSlash(room)] {
			t.Errorf("CONTRIBUTING.md has no row for %s in its table of rooms", room)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCodeIsThere looks for the files and the names that the pages which lead through the code
// mention.
func TestCodeIsThere(t *testing.T) {
	var (
		source = regexp.MustCompile(`\b(?:raft|raftapi|kvapi|kvraft|shardapi|shardkv|labs|tester)/[\w/]+\.go\b`)
		name   = regexp.MustCompile("`(?:\\w+\\.)?([a-z]+[A-Z]\\w*|[A-Z]\\w+)`")
	)
	declared := identifiers(t, "raft", "kvapi", "kvraft", filepath.Join("kvraft", "rsm"), "shardapi", "shardkv", filepath.Join("shardkv", "shardctrler"))
	for page, text := range pages(t) {
		if !strings.HasPrefix(page, "life-of-") {
			continue
		}
		for _, file := range source.FindAllString(text, -1) {
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s names %s: %v", page, file, err)
			}
		}
		for _, m := range name.FindAllStringSubmatch(withoutBlocks(text), -1) {
			if !declared[m[1]] {
				t.Errorf("%s: nothing in the code is called %s", page, m[1])
			}
		}
	}
}

// identifiers returns all names that occur in the Go files of some folders of the project.
func identifiers(t *testing.T, dirs ...string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Go files in %s (%v)", dir, err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					names[id.Name] = true
				}
				return true
			})
		}
	}
	return names
}

// rulesOf returns the values of the constants of type rules.Rule.
func rulesOf(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "tester", "rules", "rules.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if l, ok := v.Values[0].(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(l.Value); err == nil {
				rules = append(rules, s)
			}
		}
		return true
	})
	if len(rules) == 0 {
		t.Fatal("tester/rules/rules.go has no rules")
	}
	return rules
}
