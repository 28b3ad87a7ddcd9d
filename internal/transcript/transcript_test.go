package transcript

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew, and the pages that quote them")

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

const root = "../.."

// Every transcript says what happens, and the pages that quote it quote it as it is. The runs are those of the
// engine, so they depend on the peer, the case, the engine and the Go release, and on nothing else.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	run := engine(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			now, err := Renew(string(text), run)
			require.NoError(t, err)
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(now), 0o644))
				requote(t, string(text), now)
				return
			}
			require.Equal(t, string(text), now, "the run is another one now; if it is meant to be, read what it tells and go test ./internal/transcript -rewrite")
		})
	}
}

// engine returns what repeats a run of the reference.
func engine(t *testing.T) func(Run) ([]record.Event, error) {
	binary, err := sim.Build{Framework: root, Package: "./raft"}.Binary(context.Background(), func(what string) { t.Log(what) })
	require.NoError(t, err)
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return func(r Run) ([]record.Event, error) {
		path := filepath.Join(t.TempDir(), "trace")
		result := pool.Run(context.Background(), sim.Job{
			Binary: binary, Test: "TestLab2", Trace: path,
			Params: record.Params{Case: r.Case, Seed: r.Seed, Detail: true},
		})
		require.Equal(t, record.Pass, result.Verdict.Outcome, "%+v", result.Verdict)
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return timeline.Read(file)
	}
}

// requote puts a transcript's new text where a page has the old one.
func requote(t *testing.T, before, now string) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		if changed := strings.ReplaceAll(string(text), before, now); changed != string(text) {
			require.NoError(t, os.WriteFile(page, []byte(changed), 0o644))
		}
	}
}

// told is a run for the tests of the form.
func told(Run) ([]record.Event, error) {
	return []record.Event{
		{Time: time.Second, Kind: record.State, Peer: 1, Other: record.None, Term: 3, Leader: true},
		{Time: 2 * time.Second, Kind: record.Delivered, Peer: 1, Other: 0, N: 1, Method: "Raft.AppendEntries", Detail: "{Term:3}"},
	}, nil
}

func TestRenew(t *testing.T) {
	const before = `# A story.

run 2A/Any 7

# It begins:

show 0s 1.5s AppendEntries
----
    0.9000  something else
    0.9500  and more of it

show 0s 3s AppendEntries
# Without anything yet.
`
	const after = `# A story.

run 2A/Any 7

# It begins:

show 0s 1.5s AppendEntries
----
    1.0000  1        leads term 3

show 0s 3s AppendEntries
----
    1.0000  1        leads term 3
    2.0000  1 -> 0   AppendEntries {Term:3}
`
	now, err := Renew(before, told)
	require.NoError(t, err)
	assert.Equal(t, after, now)
	again, err := Renew(now, told)
	require.NoError(t, err)
	assert.Equal(t, now, again, "what is right stays")
}

func TestMistakesInTranscripts(t *testing.T) {
	for text, want := range map[string]string{
		"show 0s 1s\n":                     "line 1: show comes before the first run",
		"# x\nrun 2A/Any\n":                "line 2: run takes a case and a seed",
		"run 2A/Any x\n":                   "invalid syntax",
		"run 2A/Any 1\n\nshow 5s 6s\n":     "line 3: nothing to show happened between 5s and 6s",
		"run 2A/Any 1\nshow 5s\n":          "show takes two times",
		"run 2A/Any 1\nshow 5s y\n":        "invalid duration",
		"run 2A/Any 1\n\nOnce upon a time": `line 3: "Once" is neither prose`,
	} {
		_, err := Renew(text, told)
		assert.ErrorContains(t, err, want, text)
	}
}
