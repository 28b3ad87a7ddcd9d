package mutation

import (
	"context"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

const counter = `package counter

import (
	"fmt"
	"sync"
)

type Counter struct {
	mu sync.Mutex
	n  int
}

// Add adds.
func (c *Counter) Add(steps ...int) (sum int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range steps {
		c.n += s
	}
	return c.n, nil
}

func (c *Counter) reset() { c.n = 0 }

func (Counter) name() string { return fmt.Sprint("counter") }

func twice(int) int { return 2 }
`

// TestChangedFunctions: a version that only changes what a function does can be called from the
// function that it changes, and keeps its lines; any other difference needs a copy.
func TestChangedFunctions(t *testing.T) {
	swap := func(pairs ...string) []byte { return []byte(strings.NewReplacer(pairs...).Replace(counter)) }
	c := &oneCopy{files: map[string][]byte{"counter.go": []byte(counter)}, subjects: map[int]string{}}
	wrong := swap("\tdefer c.mu.Unlock()\n", "\t// nobody unlocks\n\tc.n++\n", "{ c.n = 0 }", "{ c.n = 1 }")
	require.True(t, c.take("keeps-lock", 3, map[string][]byte{"counter.go": wrong}))
	require.True(t, c.take("starts-at-two", 7, map[string][]byte{"counter.go": swap("c.n = 0", "c.n = 2")}))
	require.True(t, c.take("says-why", 8, map[string][]byte{"counter.go": swap("// Add adds.", "// Add does not.")}), "a comment changes nothing")
	for what, text := range map[string][]byte{
		"a field":                 swap("\tn  int\n", "\tn  int\n\tm int\n"),
		"a variable":              []byte(counter + "\nvar more int\n"),
		"a function":              []byte(counter + "\nfunc more() {}\n"),
		"a parameter":             swap("reset()", "reset(to int)"),
		"a receiver without name": swap(`"counter")`, `"other")`),
		"an argument without one": swap("return 2", "return 3"),
		"a directive":             swap("func (c *Counter) reset() { c.n = 0 }", "//go:noinline\nfunc (c *Counter) reset() { c.n = 1 }"),
		"a name of two meanings":  swap("\treturn c.n, nil", "\tfmt := c\n\treturn fmt.n, nil"),
		"no Go":                   []byte("package"),
	} {
		require.False(t, c.take("other", 9, map[string][]byte{"counter.go": text}), what)
	}
	require.False(t, c.take("other", 9, map[string][]byte{"counter.go": []byte(counter), "more.go": []byte("package counter")}), "a file")

	out := c.written()
	require.Len(t, out, 4)
	require.Contains(t, string(out["counter.go"]), "func (c *Counter) Add(steps ...int) (sum int, err error) { switch raftlabSubject {case 3: return c.raftlab3_Add(steps...);}; \n")
	require.Contains(t, string(out["counter.go"]), "{ switch raftlabSubject {case 3: c.raftlab3_reset(); return;case 7: c.raftlab7_reset(); return;};  c.n = 0 }")
	require.Contains(t, string(out["raftlab_subject.go"]), "case \"keeps-lock\":\n\t\treturn 3\n")
	require.Equal(t, "package counter; import ();", strings.Split(string(out["counter_keeps-lock.go"]), "\n")[0])
	patched, written := strings.Split(string(wrong), "\n"), strings.Split(string(out["counter_keeps-lock.go"]), "\n")
	for line, text := range patched {
		if strings.Contains(text, "c.n++") || strings.Contains(text, "c.mu.Lock()") {
			require.Equal(t, text, written[line], "the lines are those of the patched file")
		}
	}
	for name, text := range out {
		_, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		require.NoError(t, err)
	}
}

// TestSameRunInOneCopy: a subject that shares its copy with others makes the run that it makes with
// one of its own. 4 divides one of the seeds: goroutines are interrupted at numbered places.
func TestSameRunInOneCopy(t *testing.T) {
	all := load(t, Mutant)
	subjects, _ := Choose(all, []string{"votes-twice", "commits-older-terms", "forgets-vote"})
	require.NotEmpty(t, subjects)
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	build := func(bundle func(root, pkg string, subjects []Subject) (map[string][]byte, error)) *sim.Binary {
		edits, err := bundle(root, PeerPackage, subjects)
		require.NoError(t, err)
		b, err := sim.Build{Framework: root, Package: PeerPackage, Edits: edits, Native: true}.Binary(context.Background(), nil)
		require.NoError(t, err)
		return b
	}
	own, together := build(Bundle), build(Together)
	for _, s := range subjects {
		for _, seed := range []uint64{1, 4} {
			job := sim.Job{Binary: own, Test: "TestLab2", Params: record.Params{Case: "2C/CrashSwarm", Seed: seed}, Env: []string{peerVariable + "=" + s.Name}}
			first := pool.Run(context.Background(), job)
			job.Binary = together
			second := pool.Run(context.Background(), job)
			require.Equal(t, first.Verdict.Outcome, second.Verdict.Outcome, "%s, seed %d: %s", s.Name, seed, second.Verdict.Message)
			require.Equal(t, first.Hash, second.Hash, "%s, seed %d", s.Name, seed)
		}
	}
}

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}
