package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A package looks at an option where it, or one below it, selects a field or method of that name.
// Its tests do not count, and neither do fields that it only sets, or has of its own.
func TestMentions(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a/kvraft/a.go", "package kvraft\n\nfunc start(o struct{ Reads string }) string { return o.Reads }\n")
	write(t, "below/kvraft/a.go", "package kvraft\n")
	write(t, "below/kvraft/rsm/b.go", "package rsm\n\nfunc start(o interface{ PeerExtensions() []string }) { o.PeerExtensions() }\n")
	write(t, "sets/kvraft/a.go", "package kvraft\n\ntype own struct{ Reads string }\n\nvar x = own{Reads: \"log\"}\n")
	write(t, "tests/kvraft/a.go", "package kvraft\n")
	write(t, "tests/kvraft/a_test.go", "package kvraft\n\nvar y = o.Reads\n")
	write(t, "broken/kvraft/a.go", "package kvraft\n\nfunc {\n")
	for impl, names := range map[string][]string{"a": {"Reads"}, "below": {"PeerExtensions"}, "sets": nil, "tests": nil, "broken": {"Reads", "PeerExtensions"}} {
		c, err := FindCode("/framework", false, impl, []string{"./raft", "./kvraft"})
		require.NoError(t, err)
		for _, name := range []string{"Reads", "PeerExtensions"} {
			assert.Equal(t, len(names) > 1 || len(names) == 1 && names[0] == name, c.Mentions("kvraft", name), "%s %s", impl, name)
		}
		assert.Equal(t, len(names) > 0, c.Mentions("kvraft", "Reads", "PeerExtensions"), impl)
	}
}
