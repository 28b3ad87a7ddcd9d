package mutation

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/sim"
)

// TestNothingIsRefused: a mutant is wrong and a variant is unusual, but neither uses what code
// under test may not use.
func TestNothingIsRefused(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, kind := range []Kind{Mutant, Variant} {
		subjects, err := Load(root, kind)
		require.NoError(t, err)
		for _, pkg := range Packages {
			began := time.Now()
			edits, err := Together(root, pkg, Of(subjects, pkg))
			require.NoError(t, err)
			checked, err := sim.Build{Framework: root, Package: pkg, Edits: edits}.Vet(context.Background())
			require.NoError(t, err)
			require.Empty(t, checked.Errors)
			t.Logf("%s %s: %d packages in %v", kind, pkg, len(checked.Packages), time.Since(began))
		}
	}
}
