// Package astwalk walks through the syntax of Go files, for those that check code and those that
// rewrite it.
package astwalk

import "go/ast"

// Inspect is ast.Inspect with the nodes above, innermost last.
func Inspect(root ast.Node, f func(n ast.Node, above []ast.Node)) {
	var above []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return false
		}
		f(n, above)
		above = append(above, n)
		return true
	})
}
