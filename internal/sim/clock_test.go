package sim

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"
)

// page is a guest's memory where the clock is shown.
type page struct {
	api.Memory
	b [16]byte
}

func (p *page) ReadUint64Le(at uint32) (uint64, bool) {
	return binary.LittleEndian.Uint64(p.b[at:]), true
}

func (p *page) WriteUint64Le(at uint32, v uint64) bool {
	binary.LittleEndian.PutUint64(p.b[at:], v)
	return true
}

// TestClockInTheGuest: a guest that reads the time where the host has put it reads the same times as
// one that asks the host each time, also where reading moves the clock.
func TestClockInTheGuest(t *testing.T) {
	var accused [2]bool
	asks, looks := newClock([2]uint64{7, 8}), newClock([2]uint64{7, 8})
	asks.accused, looks.accused = func(string) { accused[0] = true }, func(string) { accused[1] = true }
	p := &page{}
	looks.shown = p
	calls := 0
	look := func() int64 { // as overlay/clock.go.txt does
		if left, _ := p.ReadUint64Le(8); left > 0 {
			p.WriteUint64Le(8, left-1)
			now, _ := p.ReadUint64Le(0)
			return int64(now)
		}
		calls++
		return looks.read()
	}
	same := func(reads int) {
		for range reads {
			if want, got := asks.read(), look(); want != got {
				require.Equal(t, want, got)
			}
		}
	}
	both := func(f func(c *clock)) { f(asks); f(looks) }
	same(3)
	both(func(c *clock) { c.sleep(1e6) })
	same(tieReads + 5)
	require.Equal(t, 2, calls, "the first reading, and the one that moves the clock")
	both((*clock).loop)
	same(10)
	both(func(c *clock) { c.readWall() })
	same(tieReads)
	for range freeYields + 2 {
		both((*clock).yield)
	}
	same(freeReads + 5)
	require.Equal(t, asks.told, looks.told)
	both(func(c *clock) { c.sleep(0) })
	same(1)
	both(func(c *clock) { c.reads = maxReads - 2 }) // some minutes of reading later
	looks.granted = 0
	p.WriteUint64Le(8, 0)
	same(5)
	require.Equal(t, [2]bool{true, true}, accused)
}

// TestAtomicsOfOneThread: nothing of sync/atomic is left to the assembler but what package runtime
// has, and pointers are written by functions.
func TestAtomicsOfOneThread(t *testing.T) {
	tools, err := findToolchain(t.Context(), ".")
	require.NoError(t, err)
	bodiless := regexp.MustCompile(`(?m)^func (\w+)\([^{]*$`)
	left := map[string]bool{}
	for _, name := range []string{"doc.go", "doc_64.go"} {
		text, err := os.ReadFile(filepath.Join(tools.root, "src", "sync", "atomic", name))
		require.NoError(t, err)
		text, err = withBodies(text)
		require.NoError(t, err)
		for _, found := range bodiless.FindAllSubmatch(text, -1) {
			left[string(found[1])] = true
		}
	}
	require.Equal(t, map[string]bool{"SwapPointer": true, "CompareAndSwapPointer": true, "StorePointer": true}, left)
	text, err := readSource(tools.root, "internal/runtime/atomic/atomic_wasm.go")
	require.NoError(t, err)
	text, err = inlined(text)
	require.NoError(t, err)
	require.Equal(t, []string{"//go:noinline\nfunc Casp1"}, regexp.MustCompile(`//go:noinline\nfunc \w+`).FindAllString(string(text), -1))
	_, err = withBodies([]byte("package atomic\n"))
	require.Error(t, err)
	_, err = inlined([]byte("package atomic\n"))
	require.Error(t, err)
}
