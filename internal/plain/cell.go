package plain

import (
	"regexp"
	"strings"
)

// formula is how a cell begins that a spreadsheet computes; the wide characters count for some. Where
// a semicolon separates cells, as in half of Europe, what comes after one is a cell, too.
var formula = regexp.MustCompile(`(^|;)([ \x{a0}]*[=+\-@＝＋－＠])`)

// Cell is s as text for one cell of a CSV file: one line, in front of which stands an apostrophe if
// a spreadsheet would take it for a formula. A student, a file or a message may be called so.
func Cell(s string) string { return formula.ReplaceAllString(Line(s, MaxLine), "$1'$2") }

// FromCell is what [Cell] was given, if that was one line without an apostrophe in such a place.
func FromCell(s string) string {
	return guarded.ReplaceAllString(s, "$1$2")
}

var guarded = regexp.MustCompile(strings.Replace(formula.String(), "(^|;)", "(^|;)'", 1))
