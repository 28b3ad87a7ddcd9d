package sim

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// everyday is a program that does what solutions do with the standard library.
func everyday(t *testing.T) *Binary {
	b := miniBuild(t)
	text, err := os.ReadFile(filepath.Join("testdata", "everyday", "everyday.go"))
	require.NoError(t, err)
	b.Edits["raft/everyday.go"] = text
	binary, err := b.Binary(context.Background(), nil)
	require.NoError(t, err)
	return binary
}

// loaded is a program that leaves to the rest what isRare has.
func loaded(t *testing.T, b *Binary, dir string, isRare map[string]bool) *program {
	p, err := loadSplit(context.Background(), b.Path, dir, 1, isRare)
	require.NoError(t, err)
	t.Cleanup(func() { p.close(context.Background()) })
	return p
}

// ran is a run, with the files of its trace and its output.
func ran(t *testing.T, p *program, b *Binary, name string) (r Result, files string) {
	j := miniJob(b, name, 3)
	j.Trace, j.Output = filepath.Join(t.TempDir(), "trace"), filepath.Join(t.TempDir(), "output")
	r = p.run(context.Background(), j)
	for _, name := range []string{j.Trace, j.Output} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files += string(text)
	}
	r.CPU, r.Wall = 0, 0
	return r, files
}

// What solutions do every day is in the main module. If this fails with a new Go release, `make rare`
// makes the list anew.
func TestEveryDay(t *testing.T) {
	r := newPool(t, 1).Run(context.Background(), miniJob(everyday(t), "everyday", 3)) // in a worker: `make rare` looks on
	require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
	if b := everyday(t); os.Getenv(seenEnv) == "" {
		p := loaded(t, b, nativeDir(b), rare())
		ran(t, p, b, "everyday")
		require.Nil(t, p.rest.module, "it wanted the rest")
	}
}

// A run is the same whichever functions are in the rest: its verdict, its hash, what it prints, its
// trace, its peaks.
func TestSplitIsTheSameRun(t *testing.T) {
	b := everyday(t)
	all := map[string]bool{} // all of the standard library but the runtime, and some of that
	for name := range allNames(t, b) {
		if !strings.Contains(name, "raftlab") && !strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "runtime.print") {
			all[name] = true
		}
	}
	programs := map[string]*program{
		"nothing":    loaded(t, b, t.TempDir(), nil),
		"the list":   loaded(t, b, nativeDir(b), rare()),
		"nearly all": loaded(t, b, t.TempDir(), all),
	}
	for _, name := range []string{"everyday", "rare", "panic", "rare", "everyday"} { // wanted by none, and by a second run
		whole, files := ran(t, programs["nothing"], b, name)
		for what, p := range programs {
			had := p.rest.module != nil
			r, same := ran(t, p, b, name)
			require.Equal(t, whole, r, "%s with %s in the rest", name, what)
			require.Equal(t, files, same, "%s with %s in the rest", name, what)
			wants := what == "nearly all" || what == "the list" && (had || name == "rare")
			require.Equal(t, wants, p.rest.module != nil, "%s with %s in the rest", name, what)
		}
	}
	whole, _ := ran(t, programs["nothing"], b, "rare")
	require.Equal(t, "as it should: 3:04PM", whole.Verdict.Message)
}

// allNames are the names of all functions of a binary, with the lengths of their bodies.
func allNames(t *testing.T, b *Binary) map[string]int {
	wasm, err := readBinary(b.Path)
	require.NoError(t, err)
	s, err := newSplitter(wasm)
	require.NoError(t, err)
	all := map[string]int{}
	for i, name := range s.called {
		all[string(name)] += len(s.bodies[i])
	}
	return all
}

// What is no module of Go's linker is not split.
func TestSplitOfOthers(t *testing.T) {
	wasm, err := readBinary(buildMini(t).Path)
	require.NoError(t, err)
	for name, broken := range map[string][]byte{"nothing": nil, "no module": []byte("wasm"), "cut short": wasm[:len(wasm)/2],
		"without names": wasm[:bytes.LastIndex(wasm, []byte("\x04name"))-4]} {
		require.Nil(t, split(broken, rare()), name)
	}
	require.Nil(t, split(wasm, map[string]bool{"no such function": true}))
	s := split(wasm, rare())
	require.NotNil(t, s)
	rest := s.rest()
	require.Equal(t, s.main(), s.main(), "it changes nothing in what it was made of")
	require.Equal(t, rest, s.rest())
}

// The list is one for the Go release in use: most of its names are those of functions, which are
// more than a fifth of a lab. If this fails with a new release, `make rare` makes the list anew.
func TestListOfRareFits(t *testing.T) {
	all, gone, found := 0, 0, 0
	for name, length := range allNames(t, badPeers(t)) {
		if all += length; rare()[name] {
			gone += length
			found++
			require.NotContains(t, name, "raftlab")
		}
	}
	t.Logf("%d of %d names, %d of %d bytes of code", found, len(rare()), gone, all)
	require.Greater(t, found, len(rare())*2/3, "names of functions, of %d in the list", len(rare()))
	require.Greater(t, gone, all/5, "bytes of code in the rest, of %d", all)
}
