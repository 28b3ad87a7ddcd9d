package adopt

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// part is a package that raftlab tests.
type part struct {
	place   string   // in raftlab: "raft"
	clauses []string // what the course has called the package
	folders []string // and its folder
	labs    string   // what is not graded without it
}

var parts = []part{
	{"kvsrv", []string{"kvsrv"}, []string{"kvsrv", "kvsrv1"}, "lab 1"},
	{"raft", []string{"raft"}, []string{"raft", "raft1"}, "lab 2"},
	{"kvraft", []string{"kvraft"}, []string{"kvraft", "kvraft1"}, "lab 3"},
	{"shardkv/shardctrler", []string{"shardctrler", "shardmaster"}, []string{"shardctrler", "shardmaster"}, "part 4A"},
	{"shardkv", []string{"shardkv"}, []string{"shardkv", "shardkv1"}, "lab 4"},
}

// elsewhere are packages of the course that raftlab has no lab for.
var elsewhere = []struct{ clause, what string }{
	{"mr", "MapReduce is not here: nothing of it is tested"},
	{"mapreduce", "MapReduce is not here: nothing of it is tested"},
}

// layout is where the packages are.
type layout struct {
	found map[string]*directory // place -> directory
	only  string                // the folder that the user has named in what was read, or ""
}

// ForeignError says that nothing of the course is in what was given.
type ForeignError struct{ What string }

func (e *ForeignError) Error() string { return e.What }

const giveOne = "give a solution of the course: its repository, its folder src, an archive of it, or one package"

// ancient are packages that the course had until 2015, and none of which it has had since Raft came.
var ancient = []string{"paxos", "viewservice", "pbservice", "kvpaxos", "diskv", "lockservice"}

// beforeRaft is an error about a solution of the years in which the course had no Raft, or nil. It is
// known by the packages that are there, and by those that are imported.
func (t *tree) beforeRaft() error {
	found := map[string]bool{}
	for _, name := range t.names() {
		d := t.dirs[name]
		switch clause := d.clause(); {
		case submission.Vendored(name):
			continue
		case slices.Contains([]string{"raft", "kvraft", "kvsrv", "shardctrler"}, clause): // came with Raft
			return nil
		case slices.Contains(ancient, clause):
			found[clause] = true
		}
		for _, f := range d.files {
			for p := range f.imports() {
				if !hosted(p) && slices.Contains(ancient, lastPart(p)) {
					found[lastPart(p)] = true
				}
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("it is a solution of the labs of 2015 and before (%s), which were about Paxos and a view service: "+
		"there is no Raft in them, and nothing here tests them. Solutions of 2020 and later can be tested", listed(sortedKeys(found)))
}

// foreign is about a tree without any of the packages.
func (t *tree) foreign() error {
	var clauses []string
	for _, name := range t.names() {
		clauses = append(clauses, t.dirs[name].clause())
	}
	slices.Sort(clauses)
	if clauses = slices.Compact(clauses); len(clauses) == 0 {
		return &ForeignError{"there is no Go package in it; " + giveOne}
	}
	return &ForeignError{fmt.Sprintf("no package kvsrv, raft, kvraft, shardctrler or shardkv is in it; there are %s; %s", listed(clauses), giveOne)}
}

// findLayout finds the packages. If there are several of one kind, the tree holds several
// solutions, and one has to be named, unless all but one of them are elsewhere than the others, or
// nobody would choose them.
func (c *conversion) findLayout(only string) (layout, error) {
	l := layout{map[string]*directory{}, only}
	roots := c.tree.roots(only)
	if only != "" && !slices.ContainsFunc(c.tree.names(), func(name string) bool { return within(name, only) }) {
		return l, &ForeignError{"there is no folder " + only + " with Go files in it"}
	}
	if len(roots) == 0 {
		return l, c.tree.foreign()
	}
	roots, several := c.choose(roots)
	if several {
		err := &submission.SeveralError{}
		for _, r := range roots {
			err.Folders = append(err.Folders, r.name)
		}
		return l, err
	}
	for _, r := range roots {
		maps.Copy(l.found, r.found)
	}
	return l, nil
}

// within reports whether a directory is another one, or below it.
func within(name, other string) bool { return name == other || strings.HasPrefix(name, other+"/") }

// roots are the folders that hold packages of a solution, within one directory if it is given.
func (t *tree) roots(only string) (roots []root) {
	for _, name := range t.names() {
		d := t.dirs[name]
		if only != "" && !within(name, only) || submission.Vendored(name) {
			continue
		}
		for _, p := range parts {
			if !slices.Contains(p.clauses, d.clause()) || !p.fits(d) {
				continue
			}
			at := path.Dir(name)
			if p.place == "shardkv/shardctrler" && path.Base(at) == "shardkv1" {
				at = path.Dir(at)
			}
			i := slices.IndexFunc(roots, func(r root) bool { return r.name == at })
			if i < 0 {
				i, roots = len(roots), append(roots, root{at, map[string]*directory{}})
			}
			if found := roots[i].found; found[p.place] == nil || path.Base(name) == p.folders[0] {
				found[p.place] = d
			}
		}
	}
	return roots
}

// fits reports whether a directory may be the part: by its folder's name, or because it has what
// every solution has.
func (p part) fits(d *directory) bool {
	if slices.Contains(p.folders, path.Base(d.name)) {
		return true
	}
	entrance := map[string]string{"raft": "Make", "kvraft": "StartKVServer", "kvsrv": "StartKVServer"}[p.place]
	if entrance == "" {
		entrance = "StartServer"
	}
	_, fn := d.function(entrance)
	return fn != nil
}

// course reports whether the packages are written for the course's framework, and not for
// raftlab's.
func (l layout) course() bool {
	for _, d := range l.found {
		if slices.ContainsFunc(d.files, (*file).forCourse) {
			return true
		}
	}
	return false
}

// forCourse reports whether a file imports the course's framework, under whatever name of a module:
// people give it that of their own repository.
func (f *file) forCourse() bool {
	for p := range f.imports() {
		if !strings.HasPrefix(p, module) && slices.Contains(courseNames, lastPart(p)) {
			return true
		}
	}
	return false
}

// courseNames are those of frameworkNames that only the course has.
var courseNames = []string{"labrpc", "labgob", "raftapi", "tester1", "kvtest1"}

// tell says what is there and what is not.
func (c *conversion) tell() {
	for _, p := range parts {
		if c.layout.found[p.place] != nil {
			continue
		}
		name := path.Base(p.place)
		why := fmt.Sprintf("no %s here: %s is not graded", name, p.labs)
		switch {
		case name == "kvsrv" && c.Year < "2024":
			c.lack(gradedBy[p.place], "lab 1 is not graded: the course had none like it in "+c.Year)
			continue
		case name == "shardctrler" && c.layout.found["shardkv"] != nil && c.Year < "2025":
			why = "no shardctrler here, which shardkv runs on: lab 4 is not graded"
			c.lack(gradedBy["shardkv"], why)
		}
		c.lack(gradedBy[p.place], why)
		c.notes.add(Missing, "", 0, "%s", why)
	}
	for _, e := range elsewhere {
		for _, name := range c.tree.names() {
			if c.tree.dirs[name].clause() == e.clause && (c.layout.only == "" || within(name, c.layout.only)) {
				c.notes.add(Missing, name, 0, "%s", e.what)
				break
			}
		}
	}
}

// listed is a list of names, as far as it is of interest.
func listed(names []string) string {
	const most = 6
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
