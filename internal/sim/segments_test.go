package sim

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// moduleOf is a module with nothing but data, and a section behind it.
func moduleOf(body []byte) []byte {
	module := append([]byte("\x00asm\x01\x00\x00\x00"), dataSection)
	module = append(binary.AppendUvarint(module, uint64(len(body))), body...)
	return append(module, 0, 2, 1, 'x')
}

func segmentsOf(t *testing.T, module []byte) []segment {
	r := &wasmReader{module[9:]}
	segments, ok := readSegments(r.take(r.number()))
	require.True(t, ok)
	require.Equal(t, []byte{0, 2, 1, 'x'}, r.rest, "what is behind the data stays")
	return segments
}

func TestSegmentsAreMerged(t *testing.T) {
	long := make([]byte, 300)
	long[0] = 7
	module := moduleOf(writeSegments([]segment{{70000, []byte("cc")}, {100, []byte("a")}, {103, []byte("b")}, {70002 + maxZeros + 1, long}}))
	require.Equal(t, []segment{{100, []byte("a\x00\x00b")}, {70000, []byte("cc")}, {70002 + maxZeros + 1, long}}, segmentsOf(t, mergeSegments(module)))
}

func TestUnusualSegmentsStayAsTheyAre(t *testing.T) {
	for name, body := range map[string][]byte{
		"overlap":          writeSegments([]segment{{10, []byte("abc")}, {12, []byte("d")}}),
		"passive":          {1, 1, 1, 'x'},
		"negative address": {1, 0, constant, 0x7f, endOf, 1, 'x'},
		"cut off":          {2, 0, constant, 1, endOf, 1, 'x'},
		"more behind":      {1, 0, constant, 1, endOf, 1, 'x', 9},
	} {
		module := moduleOf(body)
		require.Equal(t, module, mergeSegments(module), name)
	}
	require.Equal(t, []byte("\x00asm"), mergeSegments([]byte("\x00asm")))
}
