package patch

import (
	"go/format"
	"path"
	"regexp"
	"slices"
	"strings"
)

// token is a word of Go, or one character that belongs to none.
var token = regexp.MustCompile(`[\pL_][\pL\d_]*|[^\s]`)

// isName reports whether a token is a word.
func isName(s string) bool {
	return s[0] == '_' || s[0] >= 0x80 || s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z'
}

// renames maps the names that pairs of old and new texts have before, and no more after, to what
// they are called now. A merge of lines knows nothing of names: every line that a patch removes,
// and that has one, would be a conflict.
func renames(pairs [][2][]string) map[string]string {
	became := map[string]map[string]bool{}
	before, after := map[string]bool{}, map[string]bool{}
	for _, pair := range pairs {
		names(pair[0], before)
		names(pair[1], after)
		for _, e := range edits(pair[0], pair[1]) {
			if e.b-e.a != e.d-e.c {
				continue
			}
			for i := range e.b - e.a {
				renamedIn(pair[0][e.a+i], pair[1][e.c+i], became)
			}
		}
	}
	found := map[string]string{}
	for old, news := range became {
		for name := range news {
			if len(news) == 1 && !after[old] && !before[name] {
				found[old] = name
			}
		}
	}
	return found
}

// names notes the names in lines.
func names(lines []string, into map[string]bool) {
	for _, line := range lines {
		for _, t := range token.FindAllString(line, -1) {
			if isName(t) {
				into[t] = true
			}
		}
	}
}

// renamedIn notes the names by which two lines differ, if they differ by nothing else.
func renamedIn(old, new string, became map[string]map[string]bool) {
	a, b := token.FindAllString(old, -1), token.FindAllString(new, -1)
	if len(a) != len(b) {
		return
	}
	for i := range a {
		if a[i] != b[i] && !(isName(a[i]) && isName(b[i])) {
			return
		}
	}
	for i := range a {
		if a[i] != b[i] {
			if became[a[i]] == nil {
				became[a[i]] = map[string]bool{}
			}
			became[a[i]][b[i]] = true
		}
	}
}

// rename writes the new names into a text.
func rename(text []byte, to map[string]string) []byte {
	if len(to) == 0 || text == nil {
		return text
	}
	out := token.ReplaceAllFunc(text, func(t []byte) []byte {
		if name, ok := to[string(t)]; ok {
			return []byte(name)
		}
		return t
	})
	if formatted, err := format.Source(out); err == nil { // longer names move comments
		return formatted
	}
	return out
}

// renameHunks writes the new names into hunks, which otherwise stay as somebody wrote them.
func renameHunks(all []hunk, to map[string]string) []hunk {
	var named []hunk
	for _, h := range all {
		n := hunk{file: h.file, create: h.create, line: h.line}
		for i, line := range h.body {
			n.add(token.ReplaceAllStringFunc(line, func(t string) string {
				if name, ok := to[t]; ok {
					return name
				}
				return t
			}), h.line+1+i)
		}
		named = append(named, n)
	}
	return named
}

// renamedSince finds the names of the packages of some files that have become others since a
// commit.
func (c *Carrier) renamedSince(commit string, files []string) map[string]string {
	args := []string{"diff", "--relative", "--name-only", "--diff-filter=M", "-z", commit, "--"}
	var dirs []string
	for _, f := range files {
		if dir := path.Dir(f); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	out, err := git(c.Root, append(args, dirs...)...)
	if err != nil {
		return nil
	}
	var pairs [][2][]string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || !slices.Contains(dirs, path.Dir(name)) {
			continue
		}
		was, errWas := c.history.at(commit)(name)
		now, errNow := Tree(c.Root)(name)
		if errWas == nil && errNow == nil {
			pairs = append(pairs, [2][]string{split(was), split(now)})
		}
	}
	return renames(pairs)
}
