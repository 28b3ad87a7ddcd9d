package adopt

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// edit puts text in the place of what is at [from, to).
type edit struct {
	from, to int
	text     string
}

// apply makes the edits of a text, which must not overlap. One within another that deletes is
// dropped.
func apply(text []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.from < at {
			continue
		}
		out.Write(text[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(text[at:])
	return out.Bytes()
}

// change notes an edit of the file.
func (f *file) change(from, to token.Pos, text string) {
	f.edits = append(f.edits, edit{f.offset(from), f.offset(to), text})
}

// insert notes an insertion.
func (f *file) insert(at token.Pos, text string) { f.change(at, at, text) }

// erase notes that a node goes. Its lines stay, empty.
func (f *file) erase(from, to token.Pos) {
	a, b := f.offset(from), f.offset(to)
	f.edits = append(f.edits, edit{a, b, strings.Repeat("\n", bytes.Count(f.text[a:b], []byte("\n")))})
}

// eraseDecl notes that a declaration goes, with its comment: one of several in brackets, or the
// whole.
func (f *file) eraseDecl(decl *ast.GenDecl, spec ast.Spec) {
	if len(decl.Specs) > 1 || decl.Lparen.IsValid() {
		f.erase(spec.Pos(), spec.End())
		return
	}
	f.erase(decl.Pos(), decl.End())
}

// append adds code after the last line of the file.
func (f *file) append(code string) { f.tail = append(f.tail, code) }

// result is the file with its edits made.
func (f *file) result() []byte {
	text := apply(f.text, slices.Clone(f.edits))
	for _, code := range f.tail {
		text = append(append(bytes.TrimRight(text, "\n"), "\n\n"...), code...)
	}
	return text
}

func (f *file) offset(p token.Pos) int { return f.tree.fset.PositionFor(p, false).Offset }

// line is the line of a position.
func (f *file) line(p token.Pos) int { return f.tree.fset.PositionFor(p, false).Line }

// source is the text of a node.
func (f *file) source(n ast.Node) string { return string(f.text[f.offset(n.Pos()):f.offset(n.End())]) }
