package transcript

import (
	"context"
	"flag"
	"fmt"
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
	"raftlab/labs"
	"raftlab/tester"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew, and the pages that quote them")

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

const root = "../.."

// Every transcript says what happens, and the pages that quote it quote it as it is. The runs are repeatable, so
// they depend on the peer, the case, the engine and the Go release, and on nothing else.
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
			require.NoError(t, err, "in testdata/%s", filepath.Base(file))
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(now), 0o644))
				requote(t, string(text), now)
				return
			}
			require.Equal(t, string(text), now, howToRenew, filepath.Base(file))
		})
	}
}

const howToRenew = `the run that testdata/%s tells of is another one now. If your change is meant to change runs:
  go test ./internal/transcript -rewrite     writes the transcripts and the pages that quote them anew
  git diff docs                              then read: is the prose still true? It names no peer if it can
If it is not meant to, the difference above is what your change does to a run`

// engine returns what repeats a run of the reference, natively: it is this tree's own code.
func engine(t *testing.T) func(Run) ([]record.Event, error) {
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	binaries := map[string]*sim.Binary{}
	return func(r Run) ([]record.Event, error) {
		lab, err := labOf(r.Case)
		if err != nil {
			return nil, err
		}
		if binaries[lab.Package] == nil {
			build := sim.Build{Framework: root, Package: lab.Package, Native: true}
			binary, err := build.Binary(context.Background(), func(what string) { t.Log(what) })
			require.NoError(t, err)
			binaries[lab.Package] = binary
		}
		path := filepath.Join(t.TempDir(), "trace")
		result := pool.Run(context.Background(), sim.Job{
			Binary: binaries[lab.Package], Test: lab.Test, Trace: path,
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

// labOf finds the lab that has a case.
func labOf(name string) (tester.Lab, error) {
	for _, lab := range labs.All() {
		for _, c := range lab.Cases {
			if c.Part+"/"+c.Name == name {
				return lab, nil
			}
		}
	}
	return tester.Lab{}, fmt.Errorf("there is no case %s", name)
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
show 2s 3s AppendEntries
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

# Without anything yet.
show 2s 3s AppendEntries
----
    2.0000  1 -> 0   AppendEntries {Term:3}
`
	now, err := Renew(before, told)
	require.NoError(t, err)
	assert.Equal(t, after, now)
	again, err := Renew(now, told)
	require.NoError(t, err)
	assert.Equal(t, now, again, "what is right stays")
}

// Times and peers that follow the run: what is found once stands for itself afterwards.
func TestMarks(t *testing.T) {
	now, err := Renew(`run 2A/Any 7
at $leader leads term 3
at
at $leader -> $other AppendEntries
show -1s +0s AppendEntries $other-$leader

show -1s +0s AppendEntries $other-2

show -0s +0s quiet AppendEntries
`, told)
	require.NoError(t, err)
	assert.Equal(t, `run 2A/Any 7
at $leader leads term 3
at
at $leader -> $other AppendEntries
show -1s +0s AppendEntries $other-$leader
----
    1.0000  1        leads term 3
    2.0000  1 -> 0   AppendEntries {Term:3}

show -1s +0s AppendEntries $other-2
----
    1.0000  1        leads term 3

show -0s +0s quiet AppendEntries
----
    2.0000  1 -> 0   AppendEntries {Term:3}
`, now)
	for _, again := range []string{"at leads", "at 0 -> 1", "at $leader -> $leader"} {
		_, err := Renew("run 2A/Any 7\nat $leader leads\n"+again+"\n", told)
		assert.Error(t, err, again)
	}
}

func TestLongStringsAreElided(t *testing.T) {
	assert.Equal(t, `{A:"x" B:"... 102 bytes"}`, elide(`{A:"x" B:"`+strings.Repeat("y", 100)+`"}`))
	const one, two, three = `{Term:1 Command:"a\"}"}`, `{Term:2 Command:{Leader:1}}`, `{Term:3 Command:7}`
	short := one + " " + two + " " + three
	assert.Equal(t, "["+short+"]", elide("["+short+"]"))
	assert.Equal(t, "["+one+" ... 2 more ... "+three+"]", elide("["+one+" "+short+"]"))
}

func TestMistakesInTranscripts(t *testing.T) {
	for text, want := range map[string]string{
		"show 0s 1s\n":                     "line 1: show comes before the first run",
		"# x\nrun 2A/Any\n":                "line 2: run takes a case and a seed",
		"run 2A/Any x\n":                   "invalid syntax",
		"run 2A/Any 1\n\nshow 5s 6s\n":     "line 3: nothing to show happened between 5s and 6s",
		"run 2A/Any 1\nshow 5s\n":          "show takes two times",
		"run 2A/Any 1\nshow 5s y\n":        "invalid duration",
		"at leads\n":                       "line 1: at comes before the first run",
		"run 2A/Any 1\nat leads term 4\n":  `nothing after 0s has "leads term 4" in it`,
		"run 2A/Any 1\n\nOnce upon a time": `line 3: "Once" is neither prose`,
	} {
		_, err := Renew(text, told)
		assert.ErrorContains(t, err, want, text)
	}
}
