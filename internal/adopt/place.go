package adopt

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// This file says where packages go, and what an import leads to.

// standard are the first parts of the import paths of Go's own packages. A folder of the same name
// does not hide them.
var standard = strings.Fields("archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar " +
	"flag fmt go hash html image index io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv " +
	"strings structs sync syscall testing text time unicode unique unsafe weak")

func lastPart(p string) string { return path.Base(p) }

// isStandard reports whether an import is one of Go's own packages.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return slices.Contains(standard, first)
}

// hosted reports whether an import is a module of somebody on the network: "github.com/...". The
// course's module is "6.5840", which has a dot, too.
func hosted(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	dot := strings.LastIndexByte(first, '.')
	return dot > 0 && first[0] != '.' && strings.IndexFunc(first[dot+1:], unicode.IsDigit) < 0
}

// renamed is what an import is called below the course's module, if the student has given that the
// name of a repository: "github.com/somebody/labs/raft" is raft, because some file imports
// "github.com/somebody/labs/labrpc". Otherwise it is "".
func (t *tree) renamed(p string) string {
	for _, name := range t.own {
		if below, ok := strings.CutPrefix(p, name+"/"); ok {
			return below
		}
	}
	return ""
}

// resolve finds the directory of the submission that an import leads to, or "".
func (t *tree) resolve(from, p string) string {
	there := func(dir string) bool { return t.dirs[dir] != nil && t.dirs[dir].clause() != "" }
	if strings.HasPrefix(p, ".") {
		if dir := path.Join(from, p); there(dir) {
			return dir
		}
		return ""
	}
	if isStandard(p) {
		return ""
	}
	_, rest, _ := strings.Cut(p, "/")
	if own := t.renamed(p); own != "" {
		rest = own
	}
	for at := from; ; at = path.Dir(at) {
		if m := t.modules[at]; m != "" {
			if below, ok := strings.CutPrefix(p+"/", m+"/"); ok && there(path.Join(at, below)) {
				return path.Join(at, below)
			}
		}
		if there(path.Join(at, "vendor", p)) {
			return path.Join(at, "vendor", p)
		}
		if there(path.Join(at, p)) { // the way of GOPATH
			return path.Join(at, p)
		}
		if rest != "" && there(path.Join(at, rest)) { // a module whose go.mod was not handed in
			return path.Join(at, rest)
		}
		if at == "." {
			return ""
		}
	}
}

// assign decides where each directory goes. A package that two parts use goes to the first of them,
// which the second is built on.
func (c *conversion) assign() {
	for _, p := range parts {
		if d := c.layout.found[p.place]; d != nil {
			c.dest[d.name] = p.place
		}
	}
	var groups []*directory
	if d := c.layout.found["shardkv"]; d != nil && c.Year >= "2025" {
		for _, s := range sharded25 {
			if sub := c.tree.dirs[path.Join(d.name, s.dir)]; sub != nil && sub.clause() != "" {
				c.dest[sub.name] = path.Join("shardkv", s.dir)
				groups = append(groups, sub)
			}
		}
	}
	for _, p := range parts {
		d := c.layout.found[p.place]
		if d == nil {
			continue
		}
		c.follow(p.place, d)
		sub := map[string]string{"kvsrv": "lock", "kvraft": "rsm"}[p.place]
		if l := c.tree.dirs[path.Join(d.name, sub)]; sub != "" && l != nil && l.clause() == sub {
			c.dest[l.name] = p.place + "/" + sub // perhaps nothing but the adapter imports it
			c.follow(p.place, l)
		}
	}
	for _, g := range groups { // the same: the clerk may not use them yet
		c.follow("shardkv", g)
	}
}

// follow places what a package imports.
func (c *conversion) follow(place string, d *directory) {
	todo := []*directory{d}
	for seen := map[string]bool{d.name: true}; len(todo) > 0; todo = todo[1:] {
		for _, f := range c.keep(todo[0]) {
			for p := range f.imports() {
				dir := c.tree.resolve(f.dir, p)
				if dir == "" || seen[dir] || c.isPart(dir) || slices.Contains(frameworkNames, lastPart(p)) {
					continue
				}
				seen[dir] = true
				if c.dest[dir] == "" {
					c.dest[dir] = c.vacant(place, c.layout.found[place].name, dir)
				} else if !strings.HasPrefix(c.dest[dir], place+"/") {
					continue // another part's
				}
				todo = append(todo, c.tree.dirs[dir])
			}
		}
	}
}

// isPart reports whether a directory is one of the packages that are tested.
func (c *conversion) isPart(dir string) bool {
	for _, d := range c.layout.found {
		if d.name == dir {
			return true
		}
	}
	return false
}

// vacant is a place for a helper package: where it is, if it is below the part's folder, and in
// helper/ otherwise.
func (c *conversion) vacant(place, part, dir string) string {
	if below, ok := strings.CutPrefix(dir, part+"/"); ok {
		return place + "/" + below
	}
	base := strings.Map(func(r rune) rune {
		if r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, path.Base(dir))
	if base == "" || base == "internal" || base == "vendor" || base == "testdata" || strings.HasPrefix(base, "_") {
		base = "p"
	}
	taken := func(name string) bool {
		for _, d := range c.dest {
			if d == name {
				return true
			}
		}
		return false
	}
	for i := 1; ; i++ {
		name := "helper/" + base
		if i > 1 {
			name += strconv.Itoa(i)
		}
		// The student may have such a folder below the part, which stays where it is.
		if !taken(place+"/"+name) && c.tree.dirs[path.Join(part, name)] == nil {
			return place + "/" + name
		}
	}
}

// module is the module of raftlab, of whose packages the adopted tree becomes a part.
const module = "raftlab/"

// target is what becomes of an import: its new path, and the name that the file knows the package
// by. An empty path means that the import stays as it is.
func (c *conversion) target(f *file, d *directory, p string) (to, name string) {
	dir := c.tree.resolve(f.dir, p)
	base := lastPart(p)
	course := dir != "" || !isStandard(p) && (!hosted(p) || c.tree.renamed(p) != "")
	switch {
	case course && (base == "labrpc" || base == "labgob"):
		return module + base, base
	case course && base == "raftapi":
		return c.shim(d, "raftapi"), "raftapi"
	case dir == "" && strings.HasSuffix(p, "kvsrv1/rpc"):
		return c.rpc(d), "rpc"
	case course && base == "tester1":
		return c.shim(d, "tester"), "tester"
	case course && base == "kvtest1":
		return c.shim(d, "kvtest"), "kvtest"
	case course && (base == "raft" || base == "raft1") && (dir == "" || c.dest[dir] == "raft"):
		return c.raftFor(d), "raft"
	case dir != "" && c.dest[dir] == "shardkv/shardctrler":
		return module + c.dest[dir], c.tree.dirs[dir].clause()
	case dir != "" && c.dest[dir] != "":
		return module + c.dest[dir], c.tree.dirs[dir].clause()
	}
	return "", ""
}

// raftFor is the Raft that a service runs on: the student's, in the form that their services know,
// or the framework's.
func (c *conversion) raftFor(d *directory) string {
	if c.layout.found["raft"] == nil {
		return c.shim(d, "raft")
	}
	if c.own && c.dest[d.name] != "raft" && !strings.HasPrefix(c.dest[d.name], "raft/") {
		return module + ownRaft
	}
	return module + "raft"
}

// ownRaft is where the student's Raft is a second time, as it was, if the one that is tested had to
// be changed in a way that their services would notice.
const ownRaft = "raft/own"
