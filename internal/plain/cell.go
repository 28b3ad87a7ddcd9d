package plain

import (
	"regexp"
	"strings"
	"sync"
)

// compiled are the patterns of this file, once somebody has asked for them. A test binary has no use
// for them. As variables with a beginning they would bring package regexp along, a twelfth of all its
// machine code.
var compiled struct {
	sync.Once
	formula, guarded *regexp.Regexp
}

// patterns are how a cell begins that a spreadsheet computes, without and with an apostrophe; the
// wide characters count for some. Where a semicolon separates cells, as in half of Europe, what
// comes after one is a cell, too.
func patterns() (formula, guarded *regexp.Regexp) {
	compiled.Do(func() {
		const begins = `(^|;)([ \x{a0}]*[=+\-@＝＋－＠])`
		compiled.formula = regexp.MustCompile(begins)
		compiled.guarded = regexp.MustCompile(strings.Replace(begins, "(^|;)", "(^|;)'", 1))
	})
	return compiled.formula, compiled.guarded
}

// Cell is s as text for one cell of a CSV file: one line, in front of which stands an apostrophe if
// a spreadsheet would take it for a formula. A student, a file or a message may be called so.
func Cell(s string) string {
	formula, _ := patterns()
	return formula.ReplaceAllString(Line(s, MaxLine), "$1'$2")
}

// FromCell is what [Cell] was given, if that was one line without an apostrophe in such a place.
func FromCell(s string) string {
	_, guarded := patterns()
	return guarded.ReplaceAllString(s, "$1$2")
}
