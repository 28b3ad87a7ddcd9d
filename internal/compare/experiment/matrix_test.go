package experiment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The matrix names experiments that there are, and docs/comparison.md has the same one. Each
// experiment has a page there.
func TestMatrix(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "comparison.md"))
	require.NoError(t, err)
	for _, o := range Matrix() {
		require.Contains(t, string(text), "| "+o.What+" | "+o.Etcd+" | "+o.Reference+" |")
		for _, name := range strings.Split(o.Measured, ", ") {
			if name != "" {
				_, err := Find(name)
				require.NoError(t, err, o.What)
			}
		}
	}
	for _, x := range All() {
		require.Contains(t, string(text), "(comparison/"+x.Name+".md) | "+x.Question)
	}
}
