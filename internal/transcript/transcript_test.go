package transcript

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/deduce"
	"raftlab/internal/mutation"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/labs"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew, and the pages that quote them")

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

const root = "../.."

// Every transcript says what happens, and the pages that quote it quote it as it is. The runs are
// repeatable, so they depend on the peer, the case, the engine and the Go release, and on nothing
// else.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	run := engine(t, subjectsOf(t, files))
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

// engine returns what repeats a run of the reference or of one of the mutants, natively: it is this
// tree's own code. There is one build for each package, with all of its subjects in it.
func engine(t *testing.T, subjects []mutation.Subject) func(Run) (Told, error) {
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Binaries: map[string]*sim.Binary{}}
	all := suite.Cases(labs.All())
	return func(r Run) (Told, error) {
		at := slices.IndexFunc(all, func(c suite.Case) bool { return c.ID() == r.Case })
		of := slices.IndexFunc(subjects, func(s mutation.Subject) bool { return s.Name == cmp.Or(r.Mutant, "reference") })
		if at < 0 || of < 0 {
			return Told{}, fmt.Errorf("there is no case %s, or no mutant %s", r.Case, r.Mutant)
		}
		c, subject := all[at], subjects[of]
		if hunt.Binaries[c.Package] == nil {
			edits, err := mutation.Bundle(root, c.Package, subjects)
			require.NoError(t, err)
			build := sim.Build{Framework: root, Package: c.Package, Native: true, Edits: edits}
			hunt.Binaries[c.Package], err = build.Binary(context.Background(), func(what string) { t.Log(what) })
			require.NoError(t, err)
		}
		j := hunt.Job(subject, c, r.Seed)
		j.Trace, j.Params.Detail = filepath.Join(t.TempDir(), "trace"), true
		result := pool.Run(context.Background(), j)
		file, err := os.Open(j.Trace)
		if err != nil {
			return Told{}, err
		}
		defer file.Close()
		events, err := timeline.Read(file)
		if subject.Patch == nil {
			require.Equal(t, record.Pass, result.Verdict.Outcome, "%+v", result.Verdict)
			require.Empty(t, deduce.Breaches(events), "the reference contradicts itself")
			return Told{Events: events}, err
		}
		require.Equal(t, record.Fail, result.Verdict.Outcome, "%+v", result.Verdict)
		run := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: c, Seed: r.Seed}, State: suite.Ran, Result: result})
		run.Replay = fmt.Sprintf("go run ./cmd/raftlab replay %s --seed %d --impl ../peer", r.Case, r.Seed)
		patch, err := os.ReadFile(subject.Patch.File)
		f := suite.Failure{Case: c, Run: run, Events: unbundled(events, subject.Name), Packages: underTest, Show: func(place string) string {
			place = strings.TrimPrefix(place, "raftlab/")
			if c.Package == "./raft" { // of a peer alone that is all of the folder
				place = strings.TrimPrefix(place, "raft/")
			}
			return "../peer/" + place
		}}
		return Told{events, f.Lines(), string(patch)}, err
	}
}

// underTest is what the mutants are of.
var underTest = []string{"raftlab/raft", "raftlab/kvraft", "raftlab/kvraft/rsm", "raftlab/kvsrv", "raftlab/shardkv", "raftlab/shardkv/shardctrler"}

// unbundled are events with the places that the code of a mutant has when it is not among others in one
// binary, where it is in folders of its own: raft/NAME, kvraft/NAME, kvraft/NAME/raft.
func unbundled(events []record.Event, name string) []record.Event {
	own := regexp.MustCompile(`raftlab/([\w/]+)/` + regexp.QuoteMeta(name) + `/`)
	events = slices.Clone(events)
	for i, e := range events {
		where := own.ReplaceAllString(e.Where, "raftlab/$1/")
		for _, service := range []string{"kvraft", "shardkv"} {
			where = strings.ReplaceAll(where, "raftlab/"+service+"/raft/", "raftlab/raft/")
		}
		events[i].Where = where
	}
	return events
}

// subjectsOf are the reference and the mutants that are run in transcripts.
func subjectsOf(t *testing.T, files []string) []mutation.Subject {
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	subjects := []mutation.Subject{{Name: "reference", Kind: mutation.Reference}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) != 4 || words[0] != "run" {
				continue
			}
			at := slices.IndexFunc(all, func(s mutation.Subject) bool { return s.Name == words[3] })
			require.GreaterOrEqual(t, at, 0, "%s: there is no mutant %s", file, words[3])
			subjects = append(subjects, all[at])
		}
	}
	return subjects
}

// requote puts a transcript's new text where a page has the old one, and its excerpts where README
// has the old ones.
func requote(t *testing.T, before, now string) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	was, is := Indented(before), Indented(now)
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		changed := strings.ReplaceAll(string(text), before, now)
		for i := range min(len(was), len(is)) {
			changed = strings.ReplaceAll(changed, was[i], is[i])
		}
		if changed != string(text) {
			require.NoError(t, os.WriteFile(page, []byte(changed), 0o644))
		}
	}
}

// told is a run for the tests of the form.
func told(r Run) (Told, error) {
	var wrong Told
	if r.Mutant != "" {
		wrong = Told{Failure: []string{"FAIL 2A/Any"}, Patch: "# wrong: it\n--- raft/a.go\n \tif x {\n-\t\tgood()\n+\t\tbad()\n \t}\n"}
	}
	wrong.Events = []record.Event{
		{Time: time.Second, Kind: record.State, Peer: 1, Other: record.None, Term: 3, Leader: true},
		{Time: 2 * time.Second, Kind: record.Delivered, Peer: 1, Other: 0, N: 1, Method: "Raft.AppendEntries", Detail: "{Term:3}"},
	}
	return wrong, nil
}

// A mistake is told from its failure to the fix, which is its patch read backwards.
func TestMistakeAndFix(t *testing.T) {
	now, err := Renew("run 2A/Any 7 bad\nfailure\n\nfix\n", told)
	require.NoError(t, err)
	assert.Equal(t, "run 2A/Any 7 bad\nfailure\n----\nFAIL 2A/Any\n\nfix\n----\n--- raft/a.go\n \tif x {\n-\t\tbad()\n+\t\tgood()\n \t}\n", now)
	_, err = Renew("run 2A/Any 7\nfix\n", told)
	assert.ErrorContains(t, err, "after a run of a mutant")
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

func TestIndented(t *testing.T) {
	const text = "# A story.\n\nrun 2A/Any 7 bad\nfailure\n----\nFAIL 2A/Any\n  why\n\n# Then:\n\nshow 0s 1s\n----\n    0.9  it\n"
	assert.Equal(t, []string{"    FAIL 2A/Any\n      why\n", "        0.9  it\n"}, Indented(text))
	assert.Empty(t, Indented("# Prose only.\n"))
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
		"# x\nrun 2A/Any\n":                "line 2: run takes a case, a seed",
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
