package hidden

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHiddenSeeds(t *testing.T) {
	salt := []byte("a secret of more than sixteen bytes")
	seeds, err := ReadSalt(salt, []uint64{1, 2, 3})
	require.NoError(t, err)
	all := map[uint64]bool{}
	for _, id := range []string{"2A/Elects", "2B/Agrees"} {
		for _, s := range seeds.Of(id) {
			assert.False(t, all[s])
			all[s] = true
			code := seeds.Code(id, s)
			require.Len(t, code, 9)
			found, err := seeds.Find(id, code)
			require.NoError(t, err)
			assert.Equal(t, s, found)
		}
	}
	other, err := ReadSalt([]byte("another secret of that length"), []uint64{1})
	require.NoError(t, err)
	assert.NotEqual(t, seeds.Of("2A/Elects")[0], other.Of("2A/Elects")[0])
	assert.NotEqual(t, seeds.Mark(), other.Mark())
	_, err = other.Find("2A/Elects", seeds.Code("2A/Elects", seeds.Of("2A/Elects")[0]))
	assert.Error(t, err)
	_, err = ReadSalt([]byte("short"), []uint64{1})
	assert.Error(t, err)
	assert.Equal(t, []uint64{1, 2}, Given([]uint64{1, 2}).Of("2A/Elects"))
}
