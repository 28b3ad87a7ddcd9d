package mutation

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// selector is the variable that says which subject a run is about, and marker what the names of
// functions that are a subject's begin with, before its number.
const (
	selector = "raftlabSubject"
	marker   = "raftlab"
)

// Together returns the edits of [Bundle] with fewer copies: subjects that change nothing but
// what functions do share one copy of the packages, in which each such function is there once for
// each of them. Nine mutants of ten are so, and a copy takes the compiler half a second.
//
//	raft/one_copy/election.go                the reference's, whose grant begins with
//	                                         switch raftlabSubject {case 7: return rf.raftlab7_grant(args)}
//	raft/one_copy/election_votes-twice.go    raftlab7_grant, in the lines that it has in the patched file
//	raft/puts-off-votes/*.go                 a copy by itself: it has a variable more
//
// The run of a subject is the one that it makes with a copy of its own.
func Together(root, pkg string, subjects []Subject) (map[string][]byte, error) {
	f, err := familyOf(pkg)
	if err != nil {
		return nil, err
	}
	subjects = Of(subjects, pkg)
	edits, places := map[string][]byte{}, map[string]string{}
	copies := map[string]*oneCopy{}
	err = f.eachCopy(root, subjects, func(i int, s Subject, files map[string][]byte) error {
		c, err := f.copyLike(root, files, copies)
		if err != nil {
			return err
		}
		if places[s.Name] = c.dir; !c.take(s.Name, i+1, files) {
			places[s.Name] = s.Name
			f.put(edits, s.Name, files)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, c := range copies {
		f.put(edits, c.dir, c.written())
	}
	edits[f.dir+entrance], err = f.entrance(subjects, places)
	return edits, err
}

// oneCopy is a copy of packages for several subjects.
type oneCopy struct {
	dir      string            // "one_copy_rsm"
	files    map[string][]byte // the reference's, by their names below dir
	subjects map[int]string    // names, by number
	changes  []change
}

// copyLike returns the copy of those packages that a subject with these files has copies of.
func (f family) copyLike(root string, files map[string][]byte, copies map[string]*oneCopy) (*oneCopy, error) {
	dir := "one_copy"
	var layers []layer
	for _, l := range f.packages {
		for name := range files {
			if path.Dir(name) == path.Clean(l.copy) {
				layers = append(layers, l)
				if l.copy != "" {
					dir += "_" + l.copy
				}
				break
			}
		}
	}
	if c := copies[dir]; c != nil {
		return c, nil
	}
	c := &oneCopy{dir: dir, files: map[string][]byte{}, subjects: map[int]string{}}
	for _, l := range layers {
		texts, err := sources(filepath.Join(root, filepath.FromSlash(l.dir)))
		if err != nil {
			return nil, err
		}
		for name, text := range texts {
			c.files[path.Join(l.copy, name)] = text
		}
	}
	copies[dir] = c
	return c, nil
}

// take adds a subject with these files, if it changes nothing but what functions do.
func (c *oneCopy) take(subject string, number int, files map[string][]byte) bool {
	if len(files) != len(c.files) {
		return false
	}
	var all []change
	for _, name := range slices.Sorted(maps.Keys(files)) {
		before, ok := c.files[name]
		if !ok {
			return false
		}
		if bytes.Equal(before, files[name]) {
			continue
		}
		changes, err := changedFunctions(before, files[name])
		if err != nil {
			return false
		}
		for _, ch := range changes {
			ch.file, ch.number = name, number
			all = append(all, ch)
		}
	}
	c.subjects[number], c.changes = subject, append(c.changes, all...)
	return true
}

// written are all files of the copy; none if no subject is in it.
func (c *oneCopy) written() map[string][]byte {
	if len(c.subjects) == 0 {
		return nil
	}
	out := maps.Clone(c.files)
	inserted := map[string]map[int]string{} // by file and offset
	own := map[string][]change{}            // by the file that they go into
	packages := map[string]string{}         // names, by directory
	for _, ch := range c.changes {
		if inserted[ch.file] == nil {
			inserted[ch.file] = map[int]string{}
		}
		inserted[ch.file][ch.body] += fmt.Sprintf("case %d: %s;", ch.number, ch.call(ch.number))
		name := strings.TrimSuffix(ch.file, ".go") + "_" + c.subjects[ch.number] + ".go"
		own[name] = append(own[name], ch)
		packages[path.Dir(ch.file)] = ch.pkg
	}
	for name, list := range inserted {
		out[name] = withSwitches(c.files[name], list)
	}
	for name, list := range own {
		out[name] = inTheirLines(list)
	}
	for dir, pkg := range packages {
		out[path.Join(dir, "raftlab_subject.go")] = c.selects(pkg)
	}
	return out
}

// withSwitches puts a switch between subjects at each of some offsets.
func withSwitches(text []byte, cases map[int]string) []byte {
	var out bytes.Buffer
	from := 0
	for _, at := range slices.Sorted(maps.Keys(cases)) {
		out.Write(text[from:at])
		fmt.Fprintf(&out, " switch %s {%s}; ", selector, cases[at])
		from = at
	}
	out.Write(text[from:])
	return out.Bytes()
}

// selects is the file with the variable.
func (c *oneCopy) selects(pkg string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "package %s\n\nimport \"os\"\n\nvar %s = %[2]sNumber(os.Getenv(%q))\n\nfunc %[2]sNumber(name string) int {\n\tswitch name {\n", pkg, selector, peerVariable)
	for _, number := range slices.Sorted(maps.Keys(c.subjects)) {
		fmt.Fprintf(&b, "\tcase %q:\n\t\treturn %d\n", c.subjects[number], number)
	}
	b.WriteString("\t}\n\treturn 0\n}\n")
	return b.Bytes()
}

// errOther says that two versions of a file differ in more than what functions do, or in a function
// that another cannot stand for.
var errOther = errors.New("there is more to it than what functions do")
