package view

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed page
var files embed.FS

// modules are the page's modules, each after those that it imports.
var modules = []string{"data.js", "state.js", "axis.js", "filter.js", "theme.js", "diagram.js", "paint.js", "text.js", "scenario.js", "panel.js", "link.js", "keys.js", "main.js"}

var (
	importLine = regexp.MustCompile(`(?m)^import [^;]*;\n`)
	exportWord = regexp.MustCompile(`(?m)^export `)
)

// bundle joins the modules into one script: imports go, since what they name stands above. So names
// at the top of modules have to be unlike each other, which the browser checks when it reads the
// script.
func bundle() (string, error) {
	var b strings.Builder
	for _, name := range modules {
		text, err := files.ReadFile("page/" + name)
		if err != nil {
			return "", fmt.Errorf("joining the modules of the page: %w", err)
		}
		fmt.Fprintf(&b, "// %s\n", name)
		b.WriteString(exportWord.ReplaceAllString(importLine.ReplaceAllString(string(text), ""), ""))
	}
	return b.String(), nil
}
