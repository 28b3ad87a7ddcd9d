package compare

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/record"
	"raftlab/internal/suite"
	"raftlab/kvapi"
)

func TestSpread(t *testing.T) {
	s := spreadOf([]float64{5, 1, 3})
	require.Equal(t, Spread{Median: 3, Least: 1, Most: 5, All: []float64{5, 1, 3}}, s)
	require.Equal(t, 2.5, spreadOf([]float64{4, 1, 3, 2}).Median)
	require.Equal(t, "3 (1-5)", s.cell())
	require.Equal(t, "7", spreadOf([]float64{7, 7}).cell(), "nothing to say about the spread")
	require.Equal(t, "14.0", spreadOf([]float64{14.01, 14.02}).cell(), "nor where it does not show")
	require.Equal(t, "0.3 (0-123)", Spread{Median: 0.3, Most: 123.4}.cell())
}

// values are what a trial has measured: names and numbers in turn.
func values(pairs ...any) map[string]experiment.Measured {
	m := map[string]experiment.Measured{}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		m[name] = experiment.Measured{Metric: name, Value: float64(pairs[i+1].(int))}
	}
	return m
}

// Where there is no number the report says so in words, and why. Each scene has a table.
func TestReportWithoutNumbers(t *testing.T) {
	x := experiment.Experiment{
		Variants: []experiment.Variant{{Name: "a-log", Scene: "a"}, {Name: "a-lease", Scene: "a"}, {Name: "b-lease", Scene: "b"}},
		Metrics:  []experiment.Metric{{Name: "time"}, {Name: "rate"}},
	}
	r := Report{Seeds: []uint64{1, 2}, Metrics: x.Metrics}
	var trials []*trial
	for _, subject := range []string{"has", "hasn't"} {
		for _, v := range x.Variants {
			for seed := range 2 {
				one := &trial{subject: subject, variant: v, values: values("time", 1, "rate", 7)}
				if v.Name != "a-log" && subject == "hasn't" {
					for _, m := range x.Metrics {
						one.values[m.Name] = experiment.Measured{Metric: m.Name, Short: "no lease", Why: "it never had"}
					}
				}
				if v.Name == "a-log" && seed == 1 { // one seed is enough
					one.values["rate"] = experiment.Measured{Metric: "rate", Short: "no limit", Why: "nothing is busy"}
				}
				trials = append(trials, one)
			}
		}
	}
	r.add(x, trials)
	var b strings.Builder
	require.NoError(t, r.WriteMarkdown(&b))
	const header = "| variant | peer | time | rate |\n|---|---|---:|---:|\n"
	require.Contains(t, b.String(), header+"| a-log | has | 1 | no limit |\n| a-log | hasn't | 1 | no limit |\n"+
		"| a-lease | has | 1 | 7 |\n| a-lease | hasn't | no lease | no lease |\n\n"+
		header+"| b-lease | has | 1 | 7 |\n| b-lease | hasn't | no lease | no lease |\n\n")
	require.Contains(t, b.String(), "- *no limit* (has, hasn't): nothing is busy\n- *no lease* (hasn't): it never had\n")
	b.Reset()
	require.NoError(t, r.WriteJSON(&b))
	require.Contains(t, b.String(), `"short": "no lease"`)
}

// A peer under test that does not get through a trial gets a row that says so; the reference must
// get through.
func TestFailedTrials(t *testing.T) {
	x := experiment.Experiment{Variants: []experiment.Variant{{Name: "alone"}}, Metrics: []experiment.Metric{{Name: "time"}}}
	failed := &trial{subject: "mine", untested: true, experiment: x, variant: x.Variants[0], seed: 7}
	failed.failed(record.Verdict{Outcome: record.Fail, Message: "nobody leads"})
	require.NoError(t, failed.err)
	r := Report{Seeds: []uint64{7}, Metrics: x.Metrics}
	r.add(x, []*trial{failed})
	var b strings.Builder
	require.NoError(t, r.WriteMarkdown(&b))
	require.Contains(t, b.String(), "| alone | mine | failed |")
	require.Contains(t, b.String(), "- *failed* (mine): alone, seed 7: fail: nobody leads\n")

	failed = &trial{subject: suite.Reference, experiment: x, variant: x.Variants[0], seed: 7}
	failed.failed(record.Verdict{Outcome: record.Fail, Message: "nobody leads"})
	require.ErrorContains(t, failed.err, "nobody leads")
	failed = &trial{subject: "mine", untested: true, experiment: x, variant: x.Variants[0], seed: 7}
	failed.failed(record.Verdict{Outcome: record.FrameworkError, Message: "our own mistake"})
	require.Error(t, failed.err)
}

// A variant whose field a service never looks at is not run, and neither is what was not built: the
// rows say so once for all seeds, and the log does not remember it.
func TestInstead(t *testing.T) {
	x := experiment.Experiment{Metrics: []experiment.Metric{{Name: "time"}, {Name: "rate"}}, Variants: []experiment.Variant{
		{Name: "log", Reads: kvapi.ReadLog}, {Name: "index", Reads: kvapi.ReadIndexLeader}, {Name: "batched", Reads: kvapi.ReadIndexLeader, Extensions: []string{"batch"}}}}
	shorts := func(s Subject, unbuilt error) (all []string) {
		for _, v := range x.Variants {
			if m := s.instead(v, unbuilt); m != nil {
				all = append(all, v.Name+" "+m.Short+": "+m.Why)
			}
		}
		return all
	}
	const why = " of its kvapi.Options, so that it would be measured without them"
	require.Empty(t, shorts(Subject{}, nil))
	require.Equal(t, []string{"index not asked: it never looks at the Reads" + why, "batched not asked: it never looks at the Reads" + why}, shorts(Subject{Ignores: []string{"Reads"}}, nil))
	require.Equal(t, []string{"batched not asked: it never looks at the Extensions" + why}, shorts(Subject{Ignores: []string{"Extensions"}}, nil))
	require.Equal(t, "log not built: it does not compile: a.go:1: no; have (int)", shorts(Subject{Ignores: []string{"Reads"}}, errors.New("it does not compile:\na.go:1: no\n\thave (int)\n"))[0])

	log, err := OpenLog(filepath.Join(t.TempDir(), "compare.jsonl"))
	require.NoError(t, err)
	defer log.Close()
	var trials []*trial
	for seed := range uint64(2) {
		trials = append(trials, &trial{subject: "mine", experiment: x, variant: x.Variants[0], seed: seed, instead: &experiment.Measured{Short: "not asked", Why: "nobody did"}})
	}
	runAll(t.Context(), nil, trials, Options{Workers: 1, Log: log, Progress: func(string) {}})
	r := Report{Seeds: []uint64{0, 1}, Metrics: x.Metrics}
	r.add(x, trials)
	var b strings.Builder
	require.NoError(t, r.WriteMarkdown(&b))
	require.Contains(t, b.String(), "| log | mine | not asked | not asked |\n")
	require.Equal(t, 1, strings.Count(b.String(), "nobody did"))
	require.Empty(t, log.known)
}

// Trials come subject by subject; rows have the subjects beside each other.
func TestReport(t *testing.T) {
	x := experiment.Experiment{
		Name:     "x",
		Variants: []experiment.Variant{{Name: "with"}, {Name: "without"}},
		Metrics:  []experiment.Metric{{Name: "terms"}, {Name: "gap", Unit: "ms"}},
	}
	r := Report{Experiment: "x", Settings: []experiment.Setting{{Name: "peers", Default: "7"}, {Name: "for", Default: "1s"}}, Seeds: []uint64{1, 2}, Metrics: x.Metrics}
	var trials []*trial
	for _, subject := range []string{"a", "b"} {
		for i, v := range x.Variants {
			for seed := range 2 {
				trials = append(trials, &trial{subject: subject, variant: v, hash: subject + v.Name,
					values: values("terms", i, "gap", 10*seed)})
			}
		}
	}
	r.add(x, trials)
	var rows []string
	for _, row := range r.Rows {
		rows = append(rows, row.Variant+" "+row.Peer)
	}
	require.Equal(t, []string{"with a", "with b", "without a", "without b"}, rows)
	var b strings.Builder
	require.NoError(t, r.WriteMarkdown(&b))
	require.Contains(t, b.String(), "peers=7 for=1s; 2 seeds")
	require.Contains(t, b.String(), "| variant | peer | terms | gap, ms |\n|---|---|---:|---:|\n| with | a | 0 | 5 (0-10) |\n")
	b.Reset()
	require.NoError(t, r.WriteJSON(&b))
	require.Contains(t, b.String(), `"median": 5`)
	require.Contains(t, b.String(), `"name": "peers"`)

	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "schemas", "comparison-v3.json"))
	require.NoError(t, err)
	r.Schema = Schema
	b.Reset()
	require.NoError(t, r.WriteJSON(&b))
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(v))
	require.Error(t, schema.Validate(map[string]any{}), "a schema that takes anything proves nothing")
}

// What has been measured is reported although other trials have failed, or have not run.
func TestSomeTrialsAreLost(t *testing.T) {
	x := experiment.Experiment{Name: "x", Metrics: []experiment.Metric{{Name: "time"}},
		Variants: []experiment.Variant{{Name: "first"}, {Name: "second"}}}
	trials := func() (all []*trial) {
		for _, v := range x.Variants {
			for seed := range uint64(2) {
				all = append(all, &trial{subject: "mine", experiment: x, variant: v, seed: seed, values: values("time", 7)})
			}
		}
		return all
	}
	report := func(trials []*trial) string {
		r := Report{Seeds: []uint64{0, 1}, Metrics: x.Metrics}
		r.add(x, trials)
		var b strings.Builder
		require.NoError(t, r.WriteMarkdown(&b))
		return b.String()
	}
	all := trials()
	require.NoError(t, lost(t.Context(), all))

	all[2].err = errors.New("nobody leads")
	require.EqualError(t, lost(t.Context(), all), "x, second on mine, seed 0: nobody leads")
	require.Contains(t, report(all), "| first | mine | 7 |\n| second | mine | failed |")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all = trials()
	all[1].err, all[3].err = ctx.Err(), ctx.Err()
	require.ErrorContains(t, lost(ctx, all), "2 of 4 trials did not end well; the first: x, first on mine, seed 1: context canceled")
	require.Contains(t, report(all), "| second | mine | not run |")
}
