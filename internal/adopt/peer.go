package adopt

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// peer converts package raft.
func (c *conversion) peer(d *directory) {
	c.persister(d)
	c.recall(d, append(providedByPersister, "ApplyMsg")...)
	c.applyMsg(d)
	c.makeFunc(d)
	c.methods(d)
	c.write(d, "raft", "raft")
}

// wish is a function that raftlab calls, with the types of what it gives and wants.
type wish struct {
	name     string
	gives    []string
	wants    []string
	optional bool
}

var peerMethods = []wish{
	{"Start", []string{"any"}, []string{"int", "int", "bool"}, false},
	{"GetState", nil, []string{"int", "bool"}, false},
	{"Kill", nil, nil, false},
	{"Snapshot", []string{"int", "[]byte"}, nil, true},
	{"CondInstallSnapshot", []string{"int", "int", "[]byte"}, []string{"bool"}, true},
}

// makeFunc gives Make the form that raftlab calls. The student's own is called from there.
func (c *conversion) makeFunc(d *directory) {
	f, fn := c.maker(d)
	if fn == nil {
		c.notes.add(Named, d.name, 0, "package raft has no function Make, by which a peer is made")
		return
	}
	params, results := f.flat(fn.Type.Params), f.flat(fn.Type.Results)
	switch {
	case len(params) < 4 || len(results) == 0:
		c.notes.add(Named, f.name, f.line(fn.Pos()), "Make takes %d parameters; the course's takes the peers, the own number, the persister and the channel",
			len(params))
		return
	case fn.Name.Name == "Make" && len(params) == 4 && len(results) == 1 && strings.HasPrefix(params[3].text, "chan "):
		return
	}
	own := fn.Name.Name
	if own == "Make" {
		own = "raftlabMake"
		c.rename(d, fn, own)
	}
	element := strings.TrimPrefix(strings.TrimPrefix(params[3].text, "chan<- "), "chan ")
	args := []string{"peers", "me", "persister", "applyCh"}
	for _, p := range params[4:] {
		if !p.variadic {
			args = append(args, "*new("+p.text+")")
		}
	}
	rest := strings.Repeat(", _", len(results)-1)
	f.append(fmt.Sprintf("func Make(peers %s, me %s, persister %s, applyCh chan %s) %s {\n\trf%s := %s(%s)\n\treturn rf\n}\n",
		params[0].text, params[1].text, params[2].text, element, results[0].text, rest, own, strings.Join(args, ", ")))
	c.lossy = true
	c.notes.add(Converted, f.name, f.line(fn.Pos()), "%s has another form than the course's Make: what it takes beyond four parameters is left empty or zero, "+
		"and of what it returns the first is used", fn.Name.Name)
}

// maker is the function that makes a peer: Make, or one of another name that takes the same to
// begin with.
func (c *conversion) maker(d *directory) (*file, *ast.FuncDecl) {
	if f, fn := d.function("Make"); fn != nil && slices.Contains(c.keep(d), f) {
		return f, fn
	}
	for _, f := range c.keep(d) {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() {
				continue
			}
			p := f.flat(fn.Type.Params)
			if len(p) >= 4 && p[0].text == "[]*labrpc.ClientEnd" && p[1].text == "int" && strings.HasSuffix(p[2].text, "Persister") &&
				strings.HasSuffix(p[3].text, "ApplyMsg") {
				return f, fn
			}
		}
	}
	return nil, nil
}

// peerType is the type that Make returns, or the one with the methods of a peer.
func (c *conversion) peerType(d *directory) string {
	if f, fn := c.maker(d); fn != nil && fn.Type.Results != nil && len(fn.Type.Results.List) > 0 {
		name := d.bare(f.source(fn.Type.Results.List[0].Type))
		if _, _, spec := d.typeSpec(name); spec != nil {
			if _, isInterface := spec.Type.(*ast.InterfaceType); !isInterface {
				return name
			}
		}
	}
	for _, f := range c.keep(d) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "GetState" && receiverOf(fn) != "" {
				return receiverOf(fn)
			}
		}
	}
	return "Raft"
}

// methods gives the methods of a peer the form that raftlab calls.
func (c *conversion) methods(d *directory) {
	name := c.peerType(d)
	for _, w := range peerMethods {
		f, fn := d.method(name, w.name)
		switch {
		case fn == nil && w.name == "Kill":
			c.endless(d, name)
			c.notes.add(Shimmed, d.name, 0, "%s has no Kill, as is the way of 2026, whose peers are processes: what a peer has started goes on after its crash, unheard, "+
				"up to where it next calls time.Sleep", name)
		case fn == nil && w.name == "Snapshot":
			c.notes.add(Missing, d.name, 0, "%s has no Snapshot, which part 2D is about", name)
			c.lack([]string{"2D"}, "no Snapshot here: part 2D is not graded")
		case fn == nil && !w.optional:
			c.notes.add(Named, d.name, 0, "%s has no method %s, which the course asks for", name, w.name)
		case fn != nil && !f.same(fn, w):
			c.method(d, f, fn, w)
		}
	}
}

// same reports whether a method has the form that is wished for, by how its types are written.
func (f *file) same(fn *ast.FuncDecl, w wish) bool {
	texts := func(list []param) (all []string) {
		for _, p := range list {
			t := p.text
			if strings.HasPrefix(strings.ReplaceAll(t, " ", ""), "interface{}") {
				t = "any"
			}
			if p.variadic {
				t = "..." + t
			}
			all = append(all, t)
		}
		return all
	}
	return slices.Equal(texts(f.flat(fn.Type.Params)), w.gives) && slices.Equal(texts(f.flat(fn.Type.Results)), w.wants)
}

// method puts a method of the form that is wished for in the place of one that has another. It
// gives by type what the student's wants, and zero for what raftlab does not know of.
func (c *conversion) method(d *directory, f *file, fn *ast.FuncDecl, w wish) {
	results := f.flat(fn.Type.Results)
	if w.name == "Start" && len(results) < 3 || w.name == "GetState" && len(results) < 2 {
		c.notes.add(Named, f.name, f.line(fn.Pos()), "%s returns %d values, the course's returns %d", w.name, len(results), len(w.wants))
		return
	}
	own := "raftlab" + w.name
	c.rename(d, fn, own)
	var params, args, wants []string
	used := make([]bool, len(w.gives))
	for i, t := range w.gives {
		params = append(params, fmt.Sprintf("a%d %s", i, t))
	}
	for _, p := range f.flat(fn.Type.Params) {
		if p.variadic {
			continue
		}
		arg := "*new(" + p.text + ")"
		for i, t := range w.gives {
			if !used[i] && (t == p.text || t == "any") {
				arg, used[i] = fmt.Sprintf("a%d", i), true
				break
			}
		}
		args = append(args, arg)
	}
	call := fmt.Sprintf("rf.%s(%s)", own, strings.Join(args, ", "))
	body := "\t" + call
	switch {
	case len(w.wants) > 0 && len(results) == 0:
		body += "\n\treturn true"
	case len(w.wants) == len(results) && len(results) > 0:
		body = "\treturn " + call
	case len(w.wants) > 0:
		for i := range w.wants {
			wants = append(wants, fmt.Sprintf("r%d", i))
		}
		body = fmt.Sprintf("\t%s%s := %s\n\treturn %s", strings.Join(wants, ", "), strings.Repeat(", _", len(results)-len(wants)), call, strings.Join(wants, ", "))
	}
	f.append(fmt.Sprintf("func (rf *%s) %s(%s) (%s) {\n%s\n}\n", receiverOf(fn), w.name, strings.Join(params, ", "), strings.Join(w.wants, ", "), body))
	c.lossy = true
	c.notes.add(Converted, f.name, f.line(fn.Pos()), "%s has another form than the course's; raftlab calls it through one that has it", w.name)
}

// rename gives a function or method another name, where it is declared and where the package uses
// it.
func (c *conversion) rename(d *directory, fn *ast.FuncDecl, to string) {
	files := c.keep(d)
	checked := c.tree.check(files)
	object := checked.info.Defs[fn.Name]
	for _, f := range files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && (id == fn.Name || object != nil && checked.info.Uses[id] == object) {
				f.change(id.Pos(), id.End(), to)
			}
			return true
		})
	}
}
