package adopt

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// Adopted is a solution in the form that raftlab tests.
type Adopted struct {
	From     string `json:"from"`               // as the user calls it
	Year     string `json:"year"`               // of the course
	Why      string `json:"why"`                // what tells the year
	Contract string `json:"contract,omitempty"` // by which it is judged, "" for the strict one
	// Dirs says where directories of the adopted tree come from, by their names there.
	Dirs  map[string]string `json:"dirs"`
	Notes []Note            `json:"notes"`
	// Lacks says which parts cannot be judged, and why.
	Lacks map[string]string `json:"lacks"`

	Files []submission.File `json:"-"`
	// HandedIn has the names of the Go files of the solution, without their directories.
	HandedIn map[string]bool `json:"-"`
}

// conversion is one solution under way.
type conversion struct {
	Year     string
	tree     *tree
	layout   layout
	notes    notes
	kept     map[string][]*file  // directory -> the student's files
	dest     map[string]string   // directory -> place in raftlab
	adapters map[string]*adapter // by directory
	out      map[string][]byte
	own      bool // services have a Raft of their own, at [ownRaft]
	lossy    bool // the Raft that is tested is not what services know

	lacks map[string]string // parts that cannot be judged -> why
}

// Modules reads the code of modules that a course allows: a folder such as vendor/, as `go mod
// vendor` writes it.
func Modules(ctx context.Context, dir string) ([]submission.File, error) {
	limits := submission.Tree
	limits.Vendor = true
	files, err := submission.Read(ctx, dir, limits, func(name string) bool {
		return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	})
	if err == nil && !slices.ContainsFunc(files, func(f submission.File) bool { return hosted(path.Dir(f.Name)) }) {
		err = fmt.Errorf("there is no Go file in it at a path like example.org/tree/tree.go: give the folder vendor that `go mod vendor` writes")
	}
	for i := range files {
		files[i].Name = path.Join("vendor", files[i].Name)
	}
	return files, err
}

// Read reads what the user has named, a folder or an archive or a folder in one, and converts it. The year is one of
// [Years], or [Auto]. Of the modules that a course allows those come in that a solution does not
// bring itself. The error is a [ForeignError] if there is nothing of the course in it.
func Read(ctx context.Context, from, year string, modules ...submission.File) (*Adopted, error) {
	if err := checkYear(year); err != nil {
		return nil, err
	}
	root, only, err := around(from)
	if err != nil {
		return nil, err
	}
	t, err := read(ctx, root, modules)
	if err != nil {
		return nil, err
	}
	a, err := t.convert(year, only)
	if err != nil {
		return nil, err
	}
	for place, dir := range a.Dirs {
		a.Dirs[place] = relative(only, dir)
	}
	for i, n := range a.Notes {
		if n.File != "" {
			a.Notes[i].File = relative(only, n.File)
		}
	}
	a.From = filepath.ToSlash(from)
	return a, nil
}

// around is what has to be read for what the user has named. A package of a solution imports others
// that are beside it, so what is around it is read, too.
func around(from string) (root, only string, err error) {
	if archive, folder := submission.Within(from); folder != "" {
		return archive, folder, nil
	}
	info, err := os.Stat(from)
	if err != nil {
		return "", "", &ForeignError{"there is no such file or folder"}
	}
	if !info.IsDir() {
		if _, archive := submission.CutArchive(filepath.Base(from)); !archive {
			return "", "", &ForeignError{"it is neither a folder nor a zip, tar or tar.gz"}
		}
		return from, "", nil
	}
	abs, err := filepath.Abs(from)
	if err != nil {
		return "", "", err
	}
	if known := slices.ContainsFunc(parts, func(p part) bool { return slices.Contains(p.folders, filepath.Base(abs)) }); !known {
		return from, "", nil
	}
	parent := filepath.Dir(abs)
	for _, sibling := range []string{"labrpc", "go.mod"} {
		if _, err := os.Lstat(filepath.Join(parent, sibling)); err == nil {
			return parent, filepath.Base(abs), nil
		}
	}
	return from, "", nil
}

// relative is a name as it is called from within the directory only.
func relative(only, name string) string {
	if only == "" {
		return name
	}
	if rel, err := filepath.Rel(only, filepath.FromSlash(name)); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}

// ForCourse reports whether Go code imports the course's framework, so that it has to be adopted
// before it can be tested, or is of the years before that framework, of which [Read] tells.
func ForCourse(files []submission.File) bool {
	t := parse(files)
	if t.beforeRaft() != nil {
		return true
	}
	for _, d := range t.dirs {
		for _, f := range d.files {
			if f.forCourse() {
				return true
			}
		}
	}
	return false
}

// convert makes the tree.
func (t *tree) convert(year, only string) (a *Adopted, err error) {
	defer func() { // one strange submission must not end the grading of a class
		if v := recover(); v != nil {
			a, err = nil, fmt.Errorf("adopting it failed, which is a fault of raftlab: %v", v)
		}
	}()
	c := &conversion{tree: t, kept: map[string][]*file{}, dest: map[string]string{}, adapters: map[string]*adapter{},
		out: map[string][]byte{}, lacks: map[string]string{}}
	if err := t.beforeRaft(); err != nil {
		return nil, err
	}
	if c.layout, err = c.findLayout(only); err != nil {
		return nil, err
	}
	if !c.layout.course() {
		return nil, &ForeignError{"the packages in it do not import the course's framework (labrpc, labgob): if they are written for raftlab, they need not be adopted"}
	}
	a = &Adopted{Year: year, Why: "as said", HandedIn: c.tree.handedIn}
	c.Year = year
	if year == Auto || year == "" {
		a.Year, a.Why = c.guessYear()
		c.Year = a.Year
	}
	a.Contract = c.contract(a.Year)
	c.tell()
	c.assign()
	if d := c.layout.found["raft"]; d != nil {
		c.peer(d)
		if c.lossy && len(c.layout.found) > 1 {
			c.own = true
			c.again(d)
		}
	}
	for _, p := range parts {
		if d := c.layout.found[p.place]; d != nil && p.place != "raft" {
			c.service(p.place, d)
		}
	}
	c.beyond()
	a.Dirs, a.Lacks = c.helpers(), c.lacks
	a.Notes = c.notes.sorted()
	for _, name := range sortedKeys(c.out) {
		a.Files = append(a.Files, submission.File{Name: name, Text: c.out[name]})
	}
	return a, nil
}

// helpers converts all other directories that have a place, and returns where everything comes
// from.
func (c *conversion) helpers() map[string]string {
	from := map[string]string{}
	for _, name := range sortedKeys(c.dest) {
		d, place := c.tree.dirs[name], c.dest[name]
		from[place] = name
		if slices.ContainsFunc(parts, func(p part) bool { return p.place == place }) {
			continue
		}
		c.recall(d)
		c.write(d, place, d.clause())
		c.notes.add(Converted, name, 0, "is a package that the code needs; it is in %s/", place)
	}
	if c.own {
		from[ownRaft] = c.layout.found["raft"].name
	}
	return from
}

// write makes the edits that all files need, and puts the files of a directory in their place.
func (c *conversion) write(d *directory, place, clause string) {
	for _, f := range c.keep(d) {
		for _, n := range f.forgotten {
			f.erase(n.Pos(), n.End())
		}
		c.rewriteImports(f, d)
		c.redirectLog(f, d)
		c.ownStack(f, d)
		c.dropUnused(f)
		if f.ast.Name.Name != clause {
			f.change(f.ast.Name.Pos(), f.ast.Name.End(), clause)
		}
		c.out[place+"/"+path.Base(f.name)] = f.result()
	}
	if a := c.adapters[d.name]; a != nil {
		name := place + "/" + adapterFile
		if c.out[name] != nil { // the student has a file of that name
			name = strings.TrimSuffix(name, ".go") + "2.go"
		}
		c.out[name] = a.text(clause)
	}
}

// again converts Raft a second time, for services: as it was.
func (c *conversion) again(d *directory) {
	for _, f := range c.keep(d) {
		f.edits, f.tail = nil, nil
	}
	delete(c.adapters, d.name)
	c.persister(d)
	c.recall(d, providedByPersister...)
	if _, kill := d.method(c.peerType(d), "Kill"); kill == nil {
		c.endless(d, c.peerType(d))
	}
	c.write(d, ownRaft, "raft")
	c.notes.add(Converted, d.name, 0, "is there a second time, in %s/, as the services know it", ownRaft)
}

// Summary is what was found, in a line.
func (a *Adopted) Summary() string {
	var found []string
	for _, p := range parts {
		if dir := a.Dirs[p.place]; dir != "" {
			found = append(found, fmt.Sprintf("%s (%s)", path.Base(p.place), dir))
		}
	}
	return fmt.Sprintf("of %s (%s): %s", a.Year, a.Why, strings.Join(found, ", "))
}
