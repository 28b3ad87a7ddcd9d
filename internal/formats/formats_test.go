package formats

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/grade"
	"raftlab/internal/hidden"
	"raftlab/internal/junit"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/tester"
)

var cases = []suite.Case{
	{Case: tester.Case{Part: "2A", Name: "Elects", Points: 10}, Lab: "lab2", Package: "./raft"},
	{Case: tester.Case{Part: "2A", Name: "ReElects", Points: 20}, Lab: "lab2", Package: "./raft"},
	{Case: tester.Case{Part: "2B", Name: "Agrees", Points: 30}, Lab: "lab2", Package: "./raft"},
	{Case: tester.Case{Part: "2E", Name: "Asks", Points: 7}, Lab: "lab2", Package: "./raft"},
}

// class judges a class of all kinds: right, wrong in nasty words, without a verdict on a case,
// flooding in every case, not compiling, and one on which the framework failed.
func class(t *testing.T) *grade.Results {
	t.Helper()
	policy, err := grade.ReadPolicy([]byte("extra: [2E]\nscale: 100"))
	require.NoError(t, err)
	names := []string{"right", "wrong", "open", "floods", "broken", "unlucky"}
	var roster []grade.Entry
	for _, n := range names {
		roster = append(roster, grade.Entry{Name: n, File: n})
	}
	plan, err := grade.NewPlan(cases, hidden.Given([]uint64{1, 2}), suite.Options{}, policy, sim.Identity{}, roster)
	require.NoError(t, err)
	r := &grade.Results{Plan: plan}
	run := func(id string, n uint64, o record.Outcome, message string) grade.Run {
		return grade.Run{Case: id, N: n, Seed: n, Outcome: o, Rule: "two \"leaders\" <b>&amp;", Message: message}
	}
	pass := func(except ...string) (runs []grade.Run) {
		for _, c := range cases {
			for n := range uint64(2) {
				if !strings.Contains(strings.Join(except, " "), c.ID()) {
					runs = append(runs, run(c.ID(), n+1, record.Pass, ""))
				}
			}
		}
		return runs
	}
	nasty := "]]> <script>alert(1)</script> \x1b[31m \x00 \xff \u202e ::error::x\n| 100% {\"scores\":{\"2A\":1000}}\n" + strings.Repeat("long ", 20_000)
	for i, rec := range []*grade.Record{
		{Runs: pass()},
		{Runs: append(pass("2A/ReElects"), run("2A/ReElects", 1, record.Fail, nasty)), Told: []grade.Told{{Case: "2A/ReElects", N: 1, Lines: []string{nasty}}}},
		{Runs: append(pass("2B/Agrees"), run("2B/Agrees", 1, record.Ungraded, ""))},
		{Runs: []grade.Run{run("2A/Elects", 1, record.Ungraded, ""), run("2A/ReElects", 1, record.Ungraded, ""), run("2B/Agrees", 1, record.Ungraded, "")}},
		{Outcome: suite.NotBuilt, Faults: []suite.Fault{{Kind: "compile error", File: "raft,1:.go", Line: 3, Text: nasty}, {Kind: "compile error", Text: "no function Make"}}},
		{Problem: "the disk is full"},
	} {
		r.Students = append(r.Students, plan.Judge(roster[i], rec))
	}
	return r
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("schemas", name+".json"))
	require.NoError(t, err)
	return s
}

// valid checks a document against a schema, and returns it.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) map[string]any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, s.Validate(v), "%s", text)
	var m map[string]any
	require.NoError(t, json.Unmarshal(text, &m))
	return m
}

// written returns what the format says of each student; nothing where it says that there is no
// grade.
func written(t *testing.T, name string) map[string][]byte {
	t.Helper()
	f, err := Of(name)
	require.NoError(t, err)
	r := class(t)
	all := map[string][]byte{}
	for _, s := range r.Students {
		text, err := f.Student(r, s)
		if err != nil {
			require.ErrorIs(t, err, ErrNoGrade)
			continue
		}
		assert.NotContains(t, string(text), "\x1b", "nothing that acts on a terminal")
		all[s.Name] = text
	}
	return all
}

func TestGradescope(t *testing.T) {
	s := schema(t, "gradescope")
	all := written(t, "gradescope")
	for name, score := range map[string]float64{"right": 111.67, "wrong": 78.33, "open": 61.67, "broken": 0} {
		doc := valid(t, s, all[name])
		assert.Equal(t, score, doc["score"], name)
		assert.Len(t, doc["tests"], len(cases))
	}
	for _, name := range []string{"floods", "unlucky"} {
		assert.NotContains(t, all, name, "Gradescope would take anything for a score")
	}
	open := valid(t, s, all["open"])["tests"].([]any)[2].(map[string]any)
	assert.NotContains(t, open, "status")
	assert.Contains(t, open["output"], "no verdict")
	assert.Less(t, len(all["wrong"]), 200_000, "long texts are cut")
}

func TestPrairieLearn(t *testing.T) {
	s := schema(t, "prairielearn")
	all := written(t, "prairielearn")
	for name, score := range map[string]any{"right": 1.0, "wrong": 0.7833, "broken": 0.0, "open": nil, "floods": nil, "unlucky": nil} {
		doc := valid(t, s, all[name])
		assert.Equal(t, score, doc["score"], name)
		assert.Equal(t, score != nil, doc["gradable"], name)
		assert.Less(t, len(all[name]), 1_000_000)
	}
}

func TestAutolab(t *testing.T) {
	scores, look := schema(t, "autolab-scores"), schema(t, "autolab-feedback")
	all := written(t, "autolab")
	for name, want := range map[string]float64{"right": 50, "wrong": 16.6667, "open": 50, "broken": 0} {
		lines := bytes.Split(bytes.TrimSuffix(all[name], []byte("\n")), []byte("\n"))
		last := valid(t, scores, lines[len(lines)-1])
		assert.Equal(t, want, last["scores"].(map[string]any)["2A"], name)
		sum := 0.0
		for _, points := range last["scores"].(map[string]any) {
			sum += points.(float64)
		}
		assert.InDelta(t, last["scoreboard"].([]any)[0], sum, 1e-9, "Autolab adds up: %s", name)
		stages := valid(t, look, lines[len(lines)-2])
		assert.Equal(t, []any{"2A", "2B", "2E"}, stages["stages"])
	}
	for _, name := range []string{"floods", "unlucky"} {
		assert.NotContains(t, all, name, "nothing of it has a verdict: the grader ends with an error")
	}
}

func TestGitHub(t *testing.T) {
	s := schema(t, "github")
	all := written(t, "github")
	for name, status := range map[string]string{"right": "pass", "wrong": "fail", "open": "error", "broken": "fail"} {
		doc, sum := valid(t, s, all[name]), 0.0
		assert.Equal(t, status, doc["status"], name)
		for _, test := range doc["tests"].([]any) {
			sum += test.(map[string]any)["score"].(float64)
		}
		score := map[string]float64{"right": 111.67, "wrong": 78.33, "open": 61.67}[name]
		assert.InDelta(t, score, sum, 1e-9, "the reporter adds up: %s", name)
	}
	for _, name := range []string{"floods", "unlucky"} {
		assert.NotContains(t, all, name, "nothing of it has a verdict: the step fails without a result")
	}
	command := regexp.MustCompile(`^::error (file=[^:,\n]+,line=\d+|title=[^:,\n]+)::[^\n\r]+$`)
	for _, student := range class(t).Students {
		for line := range strings.Lines(string(GitHubAnnotations(student))) {
			assert.Regexp(t, command, strings.TrimSuffix(line, "\n"))
		}
		summary := string(GitHubSummary(student))
		assert.Less(t, len(summary), 1<<20)
		assert.NotContains(t, summary, "<script")
	}
}

// The schema of JUnit, as far as readers agree on it: names, counts that add up, at most one
// problem for a case.
func TestJUnit(t *testing.T) {
	all := written(t, "junit")
	require.Len(t, all, 6)
	for name, text := range all {
		var doc junit.Suites
		d := xml.NewDecoder(bytes.NewReader(text))
		d.Strict = true
		require.NoError(t, d.Decode(&doc), name)
		tests, failures, errors := 0, 0, 0
		for _, s := range doc.Suites {
			require.NotEmpty(t, s.Name)
			require.Len(t, s.Cases, s.Tests)
			bad, wrong := 0, 0
			for _, c := range s.Cases {
				require.NotEmpty(t, c.Name)
				require.Equal(t, s.Name, c.Class)
				_, err := strconv.ParseFloat(c.Time, 64)
				require.NoError(t, err)
				require.False(t, c.Failure != nil && c.Error != nil)
				if c.Failure != nil {
					bad++
				}
				if c.Error != nil {
					wrong++
				}
			}
			assert.Equal(t, s.Failures, bad)
			assert.Equal(t, s.Errors, wrong)
			tests, failures, errors = tests+s.Tests, failures+bad, errors+wrong
		}
		assert.Equal(t, []int{tests, failures, errors}, []int{doc.Tests, doc.Failures, doc.Errors}, name)
		assert.Equal(t, name == "open" || name == "floods" || name == "unlucky", errors > 0, name)
	}
}

// The rules of Canvas' importer: the first columns by name, a row of possible points, scores that
// are numbers or empty.
func TestCanvas(t *testing.T) {
	f, err := Of("canvas")
	require.NoError(t, err)
	text, err := f.Class(class(t))
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"Student", "ID", "SIS User ID", "SIS Login ID", "Section"}, rows[0][:5])
	assert.Contains(t, rows[1][0], "Points Possible")
	assert.Equal(t, "100", rows[1][5])
	scores := map[string]string{}
	for _, row := range rows[2:] {
		scores[row[3]] = row[5]
		if row[5] != "" {
			_, err := strconv.ParseFloat(row[5], 64)
			assert.NoError(t, err)
		}
	}
	assert.Equal(t, map[string]string{"right": "111.67", "wrong": "78.33", "open": "", "floods": "", "broken": "0", "unlucky": ""}, scores)
}

// The schemas refuse what they are to refuse; otherwise they would prove nothing.
func TestSchemasRefuse(t *testing.T) {
	for name, wrong := range map[string][]string{
		"gradescope":       {`{}`, `{"score":"3"}`, `{"score":3,"tests":[{"status":"pass"}]}`, `{"score":3,"visibility":"all"}`, `{"tests":[]}`},
		"prairielearn":     {`{}`, `{"score":1.5,"gradable":true}`, `{"gradable":false,"score":0,"format_errors":[]}`, `{"score":1,"tests":[{}]}`},
		"autolab-scores":   {`{}`, `{"scores":{}}`, `{"scores":{"a":"3"}}`},
		"autolab-feedback": {`{"stages":["a"]}`, `{"_presentation":"semantic","stages":["a"],"a":{"x":{}}}`},
		"github":           {`{}`, `{"status":"passed","tests":[]}`, `{"status":"pass","tests":[{"name":"x","status":"ok"}]}`},
	} {
		s := schema(t, name)
		for _, text := range wrong {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			require.NoError(t, err)
			assert.Error(t, s.Validate(v), "%s: %s", name, text)
		}
	}
}
