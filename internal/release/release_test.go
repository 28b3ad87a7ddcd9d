package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	assert.NoError(t, Check(Version))
	assert.Equal(t, Version, Of(filepath.Join("..", "..")), "the file is found in a tree, and read as the compiler reads it")
	dir := t.TempDir()
	assert.Empty(t, Of(dir))
	at := filepath.Join(dir, filepath.FromSlash(file))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	for text, want := range map[string]string{
		"package release\n\nconst Version = \"1.2.3\"\n":        "1.2.3",
		"package release\n\nconst Version = \"1.2.3; rm\"\n":    "",
		"package release\n\n// const Version = \"1.2.3\"\n":     "",
		"package release\n\nconst Version = \"1.3.0-dev\" // x": "1.3.0-dev",
	} {
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
		assert.Equal(t, want, Of(dir), text)
	}
}

func TestTag(t *testing.T) {
	assert.Equal(t, "v1.2.0", Tag("1.2.0"))
	for _, none := range []string{"", "1.2.0-dev", "1.2", "v1.2.0", "01.2.0", "--help"} {
		assert.Empty(t, Tag(none), none)
		assert.Contains(t, HowToGet(none), "no tag leads back", none)
	}
	assert.Contains(t, HowToGet("1.2.0"), "git worktree add ../raftlab-1.2.0 v1.2.0")
	assert.ErrorContains(t, Check("latest"), "such as 1.2.0")
}
