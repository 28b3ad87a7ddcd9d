package adopt

import (
	"embed"
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// adapterFile is the name of the file that is added to a package.
const adapterFile = "raftlab_adapter.go"

// shims are small packages that stand for others: of the course, of Go, of modules.
//
//go:embed shims
var shims embed.FS

// adapter is the file that is added to a package: what connects it with raftlab.
type adapter struct {
	imports map[string]bool // lines, as in an import declaration
	code    []string
}

// adapter is that of a directory; it is made when it is first asked for.
func (c *conversion) adapter(d *directory) *adapter {
	if c.adapters[d.name] == nil {
		c.adapters[d.name] = &adapter{imports: map[string]bool{}}
	}
	return c.adapters[d.name]
}

// add adds code, once, and the packages that it needs.
func (a *adapter) add(code string, imports ...string) {
	if !slices.Contains(a.code, code) {
		a.code = append(a.code, code)
	}
	for _, p := range imports {
		a.imports[p] = true
	}
}

func (a *adapter) recall(imports map[string]bool, code string) {
	maps.Copy(a.imports, imports)
	a.code = append(a.code, code)
}

// text is the file.
func (a *adapter) text(pkg string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "// Added by raftlab adopt: what connects this package with raftlab.\n\npackage %s\n", pkg)
	if len(a.imports) > 0 {
		b.WriteString("\nimport (\n")
		for _, line := range slices.Sorted(maps.Keys(a.imports)) {
			b.WriteString("\t" + line + "\n")
		}
		b.WriteString(")\n")
	}
	for _, code := range a.code {
		b.WriteString("\n" + strings.TrimRight(code, "\n") + "\n")
	}
	return []byte(b.String())
}

// shim places one of the packages in shims below the part that the directory belongs to, and
// returns its import path. Each part has its own, so that none has to compile for another's sake;
// what goes from one to the other are raftlab's types.
func (c *conversion) shim(d *directory, name string) string {
	place := c.partOf(d)
	if c.shares(name, place) {
		place = "kvsrv"
	}
	to := place + "/helper/course" + name
	if c.out[to+"/"+name+".go"] != nil {
		return module + to
	}
	text := shimText(name)
	switch name {
	case "raft":
		if c.Year >= "2025" {
			text = shimText("raft25")
		}
	case "kvtest":
		text = strings.ReplaceAll(text, "RPCPATH", c.rpc(d))
	case "raftapi":
		text = strings.ReplaceAll(text, "METHODS", c.raftMethods())
	}
	c.out[to+"/"+name+".go"] = []byte(text)
	return module + to
}

// shares reports whether a part uses the shim of the server on one machine: the sharded service of
// 2025 hands the types of the course's tester on to that server, and may to the replicated one.
func (c *conversion) shares(name, place string) bool {
	found := c.layout.found
	if name == "uuid" { // its type may stand in kvsrv1/rpc, which all services have in common
		return place != "raft" && c.Year >= "2025" && found["kvsrv"] != nil
	}
	return (name == "tester" || name == "kvtest") && place != "raft" && c.Year >= "2025" && found["shardkv"] != nil && found["kvsrv"] != nil
}

// raftMethods are the methods that the student's peer has beside those of every year.
func (c *conversion) raftMethods() (text string) {
	raft := c.layout.found["raft"]
	for _, m := range []struct{ name, signature string }{{"Snapshot", "(index int, snapshot []byte)"}, {"PersistBytes", "() int"}} {
		if raft == nil || raft.exports(m.name) {
			text += "\t" + m.name + m.signature + "\n"
		}
	}
	return text + c.addedMethods(raft)
}

// addedMethods are the methods that the student has added to the course's interface Raft, as far as
// their peer has them and their signatures speak of no package.
func (c *conversion) addedMethods(raft *directory) (text string) {
	if raft == nil {
		return ""
	}
	for _, name := range c.tree.names() {
		d := c.tree.dirs[name]
		if d.clause() != "raftapi" {
			continue
		}
		f, _, spec := d.typeSpec("Raft")
		if spec == nil {
			continue
		}
		api, ok := spec.Type.(*ast.InterfaceType)
		if !ok {
			continue
		}
		for _, m := range api.Methods.List {
			fn, ok := m.Type.(*ast.FuncType)
			if !ok || len(m.Names) != 1 {
				continue
			}
			method, signature := m.Names[0].Name, strings.TrimPrefix(f.source(fn), "func")
			if slices.Contains(ofEveryYear, method) || !raft.exports(method) || strings.Contains(signature, ".") {
				continue
			}
			text += "\t" + method + signature + "\n"
			c.notes.add(Converted, f.name, f.line(m.Pos()), "%s was added to the course's interface Raft, and is taken over", method)
		}
	}
	return text
}

// ofEveryYear are the methods that the course's interface Raft has by itself.
var ofEveryYear = []string{"Start", "GetState", "Kill", "Snapshot", "PersistBytes"}

// shimText is one of the files in shims.
func shimText(name string) string {
	text, err := shims.ReadFile("shims/" + name + ".txt")
	if err != nil {
		panic(fmt.Sprintf("adopt: there is no shim %s", name))
	}
	return string(text)
}

// partOf is the place of the part that a directory belongs to.
func (c *conversion) partOf(d *directory) string {
	longest := ""
	for _, p := range parts {
		if to := c.dest[d.name]; (to == p.place || strings.HasPrefix(to, p.place+"/")) && len(p.place) > len(longest) {
			longest = p.place
		}
	}
	return longest
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
