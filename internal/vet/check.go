package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// checker looks at one package.
type checker struct {
	*loader
	*Package
	fields map[*types.Var]string // fields of imported types: the type
	known  map[types.Type]reason // types that were looked at
	listed map[*types.Package]bool
}

// reason says that something is refused: what and why. The zero value says that it is not.
type reason struct{ what, why string }

// uses refuses objects of other packages that are not on the list: those that are named, and the
// types of all expressions, which need not be named. A value of a type that is not listed does not
// have to be used in any way; having it is enough, because a type parameter or an interface can do
// the rest.
func (l *loader) uses(p *Package) {
	c := &checker{loader: l, Package: p, fields: map[*types.Var]string{}, known: map[types.Type]reason{}, listed: map[*types.Package]bool{}}
	for id, object := range p.Info.Uses {
		if r := c.object(object); r.what != "" {
			c.refuse(id.Pos(), r.why, "uses %s", r.what)
		}
	}
	for id, instance := range p.Info.Instances {
		for t := range instance.TypeArgs.Types() {
			c.value(id.Pos(), t)
		}
	}
	for id, object := range p.Info.Defs {
		if v, ok := object.(*types.Var); ok {
			c.value(id.Pos(), v.Type())
		}
	}
	for node, object := range p.Info.Implicits {
		if v, ok := object.(*types.Var); ok {
			c.value(node.Pos(), v.Type())
		}
	}
	for expr, tv := range p.Info.Types {
		switch {
		case tv.IsType():
			c.mention(expr.Pos(), tv.Type)
		case tv.IsValue():
			c.value(expr.Pos(), tv.Type)
		}
	}
}

// value refuses a value of a type.
func (c *checker) value(at token.Pos, t types.Type) {
	if name := c.whole(t); name != nil {
		c.refuse(at, whyShared, "copies or replaces what a pointer to a %s.%s points to", name.Pkg().Name(), name.Name())
	}
	c.mention(at, t)
}

func (c *checker) mention(at token.Pos, t types.Type) {
	if r := c.unlisted(t); r.what != "" {
		c.refuse(at, r.why, inferred+"%s", r.what)
	}
}

// object says why a named object is refused.
func (c *checker) object(object types.Object) reason {
	pkg := object.Pkg()
	if pkg == nil || c.fromSource(pkg) {
		return reason{}
	}
	name, owner := object.Name(), ""
	switch o := object.(type) {
	case *types.PkgName:
		return reason{}
	case *types.Func:
		owner = receiver(o.Origin())
	case *types.Var:
		if o.IsField() {
			owner = c.owner(o.Origin())
		}
	}
	if why, refused := c.refusesObject(pkg.Path(), owner, name); refused {
		if owner != "" {
			name = owner + "." + name
		}
		return reason{name + " of package " + pkg.Path(), why}
	}
	return reason{}
}

func (c *checker) refusesObject(path, owner, name string) (string, bool) {
	if c.Also != "" && path == c.Also {
		return "", false
	}
	return refuses(path, owner, name)
}

// fromSource reports whether a package is code under test itself. The framework's packages that had
// to be read from source are not.
func (c *checker) fromSource(pkg *types.Package) bool {
	p := c.sources[pkg.Path()]
	return p != nil && p.UnderTest
}

// receiver is the name of the type that a method belongs to, "" for a function.
func receiver(f *types.Func) string {
	recv := f.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := types.Unalias(recv.Type())
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	if named, ok := t.(*types.Named); ok {
		return named.Obj().Name()
	}
	return "interface" // one without a name; it is in nobody's list
}

// owner is the name of the type that a field belongs to.
func (c *checker) owner(field *types.Var) string {
	if pkg := field.Pkg(); !c.listed[pkg] {
		c.listed[pkg] = true
		for _, name := range pkg.Scope().Names() {
			if typeName, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok {
				c.listFields(name, typeName.Type().Underlying())
			}
		}
	}
	if owner, ok := c.fields[field]; ok {
		return owner
	}
	return "struct" // one without a name
}

func (c *checker) listFields(owner string, t types.Type) {
	if s, ok := t.(*types.Struct); ok {
		for field := range s.Fields() {
			if _, known := c.fields[field]; !known {
				c.fields[field] = owner
			}
		}
	}
}

// unlisted finds a type in t that is not on the list. It does not look into types that have a name:
// those of the code under test are checked where they are declared, and those of other packages are
// checked by their name.
func (c *checker) unlisted(t types.Type) reason {
	if r, ok := c.known[t]; ok {
		return r
	}
	c.known[t] = reason{} // in a circle
	r := c.parts(t)
	c.known[t] = r
	return r
}

func (c *checker) parts(t types.Type) reason {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return reason{"unsafe.Pointer", whyMemory}
		}
	case *types.Named:
		return c.named(t.Obj(), t.TypeArgs())
	case *types.Alias:
		if r := c.named(t.Obj(), t.TypeArgs()); r.what != "" {
			return r
		}
		return c.unlisted(types.Unalias(t))
	}
	for element := range elements(t) {
		if r := c.unlisted(element); r.what != "" {
			return r
		}
	}
	return reason{}
}

// named checks a type with a name, and its type arguments.
func (c *checker) named(name *types.TypeName, args *types.TypeList) reason {
	// A name that other packages cannot use is the type of something that they can: of a listed
	// object.
	if name.Pkg() != nil && (name.Exported() || !packageListed(name.Pkg().Path())) {
		if r := c.object(name); r.what != "" {
			return r
		}
	}
	for t := range args.Types() {
		if r := c.unlisted(t); r.what != "" {
			return r
		}
	}
	return reason{}
}

// packageListed reports whether some of a package may be used.
func packageListed(path string) bool {
	_, ok := allowed[path]
	return ok && !strings.HasPrefix(path, "internal/")
}

// walkFiles calls f for all nodes of the package.
func (p *Package) walkFiles(f func(ast.Node) bool) {
	for _, file := range p.Files {
		ast.Inspect(file, f)
	}
}
