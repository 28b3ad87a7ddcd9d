// Package plots holds what draws in pages that raftlab writes for browsers: Observable Plot and
// what it needs of D3, as their makers publish them, and our own settings of them (plots.js), so
// that all plots look alike, in light and in dark.
//
// A page puts [Script] into a script element and [Style] into a style element, and calls rows or
// curves of plots.js. Nothing is fetched when the page is read.
//
// The libraries stand in dist/ unchanged, with their licences: d3 7.9.2 (ISC) and
// @observablehq/plot 0.6.17 (ISC). To renew one, put dist/d3.min.js or dist/plot.umd.min.js of its
// npm package there, and its version here.
package plots

import (
	_ "embed"
	"strings"
)

//go:embed dist/d3.min.js
var d3 string

//go:embed dist/plot.umd.min.js
var plot string

//go:embed plots.js
var ours string

// Style is the style sheet that plots need. A page may set its variables anew.
//
//go:embed plots.css
var Style string

// Script is what draws. It defines rows and curves.
func Script() string {
	return strings.Join([]string{d3, plot, ours}, "\n")
}
