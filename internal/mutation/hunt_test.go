package mutation

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/tester"
)

// script is an engine that fails the runs it is told to.
type script map[string]record.Verdict // "peer case seed"

func (s script) Run(_ context.Context, j sim.Job) sim.Result {
	v, ok := s[strings.TrimPrefix(j.Env[0], peerVariable+"=")+" "+j.Params.Case+" "+suite.FormatSeeds([]uint64{j.Params.Seed})]
	if !ok {
		v.Outcome = record.Pass
	}
	return sim.Result{Verdict: v, CPU: time.Second}
}

func mutant(name string, dies ...string) Subject {
	return Subject{name, Mutant, &patch.Patch{Name: name, Header: patch.Header{Wrong: "w", Parts: []string{"2A"}, Dies: dies, Runner: patch.Engine}}}
}

func variant(name string) Subject {
	return Subject{name, Variant, &patch.Patch{Name: name, Header: patch.Header{Style: "s"}}}
}

func cases(names ...string) []suite.Case {
	var out []suite.Case
	for _, n := range names {
		part, name, _ := strings.Cut(n, "/")
		out = append(out, suite.Case{Case: tester.Case{Part: part, Name: name}, Test: "TestLab2"})
	}
	return out
}

func fail(rule string) record.Verdict { return record.Verdict{Outcome: record.Fail, Rule: rule} }

func TestAMutantIsKilledByAnExpectedReasonOnly(t *testing.T) {
	h := Hunt{Subjects: []Subject{mutant("m", "lost", "crash"), mutant("n", "lost")}, Cases: cases("2A/X", "2A/Y", "2B/Z"), Seeds: []uint64{1, 2}, Workers: 2,
		Engine: script{"m 2A/X 1": fail("other"), "m 2A/Y 2": {Outcome: record.Crash}, "n 2A/X 2": fail("other"), "n 2B/Z 1": fail("lost")}}
	out := h.Run(context.Background())

	require.Equal(t, Killed, out[0].Status)
	require.Equal(t, "2A/Y", out[0].Kills[0].Case)
	require.Equal(t, "crash", out[0].Kills[0].Reason())
	require.Len(t, out[0].Others, 1, "what it died of before is noted")

	require.Equal(t, Survived, out[1].Status, "2B is not a part that its header names")
	require.Equal(t, "other", out[1].Others[0].Reason())
	require.Equal(t, 4, out[1].Runs)
}

func TestAMatrixFindsEveryCaseThatKills(t *testing.T) {
	h := Hunt{Subjects: []Subject{mutant("m", "lost")}, Cases: cases("2A/X", "2A/Y", "2B/Z"), Seeds: []uint64{1, 2, 3}, Matrix: true, Workers: 1,
		Engine: script{"m 2A/X 2": fail("lost"), "m 2A/X 3": fail("lost"), "m 2B/Z 1": fail("lost")}}
	out := h.Run(context.Background())
	require.Len(t, out[0].Kills, 2)
	require.Equal(t, 2+3+1, out[0].Runs, "a case ends at its first kill")
	first, _ := first(out[0])
	require.Equal(t, "2B/Z", first.Case)
}

func TestAVariantFailsByAnything(t *testing.T) {
	h := Hunt{Subjects: []Subject{variant("v"), variant("w"), variant("x")}, Cases: cases("2A/X", "2A/Y"), Seeds: []uint64{1, 2}, Workers: 1,
		Engine: script{"v 2A/X 2": fail("anything"), "x 2A/Y 1": {Outcome: record.Inconclusive}}}
	out := h.Run(context.Background())
	require.Equal(t, []Status{Failed, Passed, Undecided}, []Status{out[0].Status, out[1].Status, out[2].Status})
	r := Report{Subjects: out[:2]}
	require.Equal(t, suite.ExitFailed, r.ExitCode())
	r.Subjects = out
	require.Equal(t, suite.ExitFramework, r.ExitCode(), "without a judgement, nothing is proved")

	r.Schema, r.Contract, r.Notes = Schema, "2021", []string{"a note"}
	var b bytes.Buffer
	require.NoError(t, r.WriteJSON(&b))
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "schemas", "mutants-v1.json"))
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(&b)
	require.NoError(t, err)
	require.NoError(t, schema.Validate(v))
	require.Error(t, schema.Validate(map[string]any{}), "a schema that takes anything proves nothing")
}

// A variant is not asked for what it does not promise, and nobody for a lab that runs on request
// only, except by name.
func TestAVariantRunsOnWhatItPromises(t *testing.T) {
	all := cases("2A/X", "2A/Y", "2B/Z", "P/Long")
	all[3].OnRequest = true
	runs := func(h patch.Header, selected bool) string {
		hunt := Hunt{Cases: all, Selected: selected}
		var ids []string
		for _, c := range hunt.casesFor(Subject{"v", Variant, &patch.Patch{Header: h}}) {
			ids = append(ids, c.ID())
		}
		return strings.Join(ids, " ")
	}
	require.Equal(t, "2A/X 2A/Y 2B/Z", runs(patch.Header{}, false))
	require.Equal(t, "2A/X 2A/Y 2B/Z P/Long", runs(patch.Header{}, true))
	require.Equal(t, "2A/X", runs(patch.Header{Parts: []string{"2A", "P"}, Except: []string{"2A/Y"}}, false))
	require.Equal(t, "2A/X P/Long", runs(patch.Header{Parts: []string{"2A", "P"}, Except: []string{"2A/Y"}}, true))
}

// Cheap cases and low seeds come first, and subjects take turns.
// A peer that no case concerns has not passed.
func TestWhomTheCasesConcern(t *testing.T) {
	h := Hunt{Cases: cases("2B/X")}
	require.False(t, h.Concerns(mutant("m", "lost")), "it is meant for 2A")
	require.True(t, h.Concerns(variant("v")))
	h.Cases[0].Package = ServicePackage
	require.False(t, h.Concerns(variant("v")), "it is no service")
}

func TestOrderOfAHunt(t *testing.T) {
	h := Hunt{Subjects: []Subject{mutant("m", "lost"), mutant("n", "lost")}, Cases: cases("2A/Dear", "2A/Cheap"),
		Costs: suite.Costs{"2A/Dear": 0.97, "2A/Cheap": 0.27}}
	var order []string
	for _, r := range h.plan(h.Subjects, []uint64{1, 2, 3, 4}) {
		if r.Group == "m" {
			order = append(order, r.Case.Name+suite.FormatSeeds([]uint64{r.Seed}))
		}
	}
	require.Equal(t, "Cheap1 Cheap2 Cheap3 Dear1 Cheap4 Dear2 Dear3 Dear4", strings.Join(order, " "))
	require.Equal(t, "n", h.plan(h.Subjects, []uint64{1})[1].Group)
}

func TestTheWorkersDoNotChangeTheResult(t *testing.T) {
	engine := script{"m 2A/X 3": fail("lost"), "m 2A/Y 2": fail("lost"), "n 2A/X 4": fail("lost")}
	run := func(workers int) []Outcome {
		h := Hunt{Subjects: []Subject{mutant("m", "lost"), mutant("n", "lost")}, Cases: cases("2A/X", "2A/Y"), Seeds: []uint64{1, 2, 3, 4, 5}, Workers: workers, Engine: engine}
		return h.Run(context.Background())
	}
	require.Equal(t, run(1), run(8))
}

func TestChoose(t *testing.T) {
	all := []Subject{mutant("votes-twice"), mutant("votes-late"), mutant("leaks")}
	chosen, rest := Choose(all, []string{"votes-*", "2A"})
	require.Len(t, chosen, 2)
	require.Equal(t, []string{"2A"}, rest)
	chosen, _ = Choose(all, []string{"2A"})
	require.Len(t, chosen, 3)
}

func TestALogIsResumed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	job := sim.Job{Params: record.Params{Case: "2A/X", Seed: 7}, Env: []string{peerVariable + "=m"}}
	l, err := OpenLog(path, "build1", script{"m 2A/X 7": fail("lost")})
	require.NoError(t, err)
	l.Run(context.Background(), job)
	job.Params.Seed = 8
	l.Run(context.Background(), job)
	require.NoError(t, l.Close())

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text[:len(text)-5], 0o644), "killed in the middle of a write")
	l, err = OpenLog(path, "build1", script{})
	require.NoError(t, err)
	require.Equal(t, 1, l.Known())
	job.Params.Seed = 7
	require.Equal(t, "lost", l.Run(context.Background(), job).Verdict.Rule, "not run again")
	job.Params.Seed = 8
	require.Equal(t, record.Pass, l.Run(context.Background(), job).Verdict.Outcome)
	require.NoError(t, l.Close())

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := bytes.Replace(whole, []byte(`{"subject`), []byte(`{"sub`+"\x00"+`ject`), 1)
	require.NotEqual(t, whole, damaged)
	require.NoError(t, os.WriteFile(path, damaged, 0o644))
	_, err = OpenLog(path, "build1", nil)
	require.ErrorContains(t, err, "line 2 is not a run")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, damaged, after, "nothing is lost")
	require.NoError(t, os.WriteFile(path, whole, 0o644))

	_, err = OpenLog(path, "build2", nil)
	require.ErrorContains(t, err, "another build")
	require.NoError(t, os.WriteFile(path, []byte("hello\n"), 0o644))
	_, err = OpenLog(path, "build1", nil)
	require.ErrorContains(t, err, "not a log")
}

// What interrupts a run is not written down: it runs again.
func TestOnlyJudgementsAreLogged(t *testing.T) {
	l, err := OpenLog(filepath.Join(t.TempDir(), "log"), "b", script{"m 2A/X 1": {Outcome: record.Inconclusive}})
	require.NoError(t, err)
	l.Run(context.Background(), sim.Job{Params: record.Params{Case: "2A/X", Seed: 1}, Env: []string{peerVariable + "=m"}})
	require.Zero(t, l.Known())
	require.NoError(t, l.Close())
}

// The two engines have to agree on a death: outcome, rule and hash.
func TestKillsAreConfirmed(t *testing.T) {
	h := Hunt{Subjects: []Subject{mutant("m", "lost"), mutant("n", "lost")}, Cases: cases("2A/X"), Seeds: []uint64{1}, Workers: 2,
		Engine: script{"m 2A/X 1": fail("lost"), "n 2A/X 1": fail("lost")}}
	out := h.Run(context.Background())
	require.Equal(t, 2, h.Confirm(context.Background(), out, nil, script{"m 2A/X 1": fail("lost"), "n 2A/X 1": fail("other")}))
	require.Equal(t, Killed, out[0].Status)
	require.Equal(t, Undecided, out[1].Status)
	require.Contains(t, out[1].Troubles[0].Message, `"other"`)
}

// What is remembered says what runs first, and nothing else: a run that does not kill any more
// costs one run.
func TestRememberedKillsComeFirst(t *testing.T) {
	engine := script{"m 2A/Y 2": fail("lost"), "n 2A/X 1": fail("lost")}
	h := Hunt{Subjects: []Subject{mutant("m", "lost"), mutant("n", "lost"), mutant("o", "lost")}, Cases: cases("2A/X", "2A/Y"), Seeds: []uint64{1, 2},
		Workers: 1, Engine: engine, Kills: Kills{"m": "2A/Y 2", "n": "2A/Y 1", "o": "2A/X 2", "gone": "2A/X 1"}}
	out := h.Run(context.Background())
	require.Equal(t, []Status{Killed, Killed, Survived}, []Status{out[0].Status, out[1].Status, out[2].Status})
	require.Equal(t, []int{1, 2, 4}, []int{out[0].Runs, out[1].Runs, out[2].Runs}, "no run is made twice")
	require.Equal(t, []string{"n"}, h.Stale(out))

	h.Kills.Learn(out, h.Subjects)
	require.Equal(t, Kills{"m": "2A/Y 2", "n": "2A/X 1", "o": "2A/X 2"}, h.Kills, "a survivor keeps the run in which it died before")
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "mutants"), 0o755))
	require.NoError(t, h.Kills.Write(dir))
	again, err := ReadKills(dir)
	require.NoError(t, err)
	require.Equal(t, h.Kills, again)
}
