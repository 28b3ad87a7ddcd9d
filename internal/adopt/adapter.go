package adopt

import (
	"embed"
	"fmt"
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

// shim places one of the packages in shims below the part that the directory belongs to, and returns its import path. One
// that an earlier part has is used by later ones, so that its types are the same.
func (c *conversion) shim(d *directory, name string) string {
	if to := c.shimmed[name]; to != "" {
		return module + to
	}
	place := c.partOf(d)
	to := place + "/helper/course" + name
	c.shimmed[name] = to
	text, err := shims.ReadFile("shims/" + name + ".txt")
	if err != nil {
		panic(fmt.Sprintf("adopt: there is no shim %s", name))
	}
	c.out[to+"/"+name+".go"] = []byte(strings.ReplaceAll(string(text), "PLACE", module+place))
	return module + to
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
