package sim

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEditsAreNotDroppedForWords: without the edits of the Go runtime all servers share their
// variables. Whether the edits can be had is found out with the Go runtime alone, whatever a build
// with foreign code has printed.
func TestEditsAreNotDroppedForWords(t *testing.T) {
	b := miniBuild(t)
	b.Impl = impl(t, honest)
	p, err := b.prepare(context.Background())
	require.NoError(t, err)
	store, err := openCache()
	require.NoError(t, err)
	c := compilation{Build: p.Build, tools: p.tools, code: p.code, store: store, names: map[string]string{}}
	said := c.blame("# raftlab/raft\nraft/raft.go:1:1: as if it were about another package:\n# runtime\n", context.Canceled, nil)
	require.True(t, overlayBroken(said), "the words alone look like it")
	require.False(t, c.editsBreak(context.Background(), p.edited))

	broken := maps.Clone(p.edited)
	for name := range broken {
		if strings.HasPrefix(name, "runtime/raftlab_") {
			broken[name] = []byte("package runtime\n\nvar raftlabBroken int = \"\"\n")
		}
	}
	require.True(t, c.editsBreak(context.Background(), broken))
}
