package grade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/hidden"
	"raftlab/internal/suite"
)

func TestDefaultPolicy(t *testing.T) {
	p := DefaultPolicy()
	require.NoError(t, p.Check(testCases, 5))
	assert.Equal(t, "72", p.full(testCases).String(), "the points of the cases")
	assert.True(t, p.Feedback.shows(ShowSeed, false))
	assert.False(t, p.Feedback.shows(ShowSeed, true), "hidden seeds are not shown")
	assert.True(t, p.Feedback.shows(ShowTrace, true))
}

func TestPolicyMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"part: {2A: 3}":                    `line 1: there is no "part" in a policy`,
		"parts: {2A: -3}":                  `line 1: "-3" is no number of points`,
		"parts: {2A: 1e9999999}":           "is no number of points",
		"parts:\n  2B: 3\n  2A:":           "line 3: 2A has no number",
		"cases: {2A/Elects}":               "line 1: 2A/Elects has no number",
		"{scale = 10}":                     `line 1: there is no "scale = 10"`,
		"scale: [1]":                       "is no number of points",
		"parts: {2A: NaN}":                 "is no number of points",
		"parts: {2Z: 3}":                   "2Z is not graded; there are 2A, 2B, 2E",
		"parts: {2A: 3, 2A: 4}":            "already defined",
		"cases: {Elects: 3}":               "no case that is graded is called Elects",
		"extra: [2F]":                      "2F is neither",
		"seeds: most":                      "there are all, fraction, and k of n",
		"seeds: 4 of 6":                    "speaks of 6 seeds, and a case runs with 5",
		"seeds: 0 of 5":                    "from 1 to 5",
		"rounding: {mode: random}":         "nearest, down and up",
		"feedback: {failures: everything}": "auto, rule, excerpt, trace, seed",
		"feedback: {most: -1}":             "from 0 to 100",
		"schema: raftlab/policy/v9":        "reads raftlab/policy/v1",
		"extra: [2A, 2B, 2E]":              "nothing is left to earn",
		"scale: 10\n---\nscale: 20":        "second document",
		"\tx":                              "cannot start any token",
		"- 2A":                             "line 1: this is of another kind than what belongs here",
		"extra: 2E":                        `line 1: "2E" is of another kind`,
		"scale = 10":                       "write scale: 100, and not scale = 100",
		"parts: {2A: 5}\ncases: {2A/Elects: 0, 2A/ReElects: 0}": "2A is worth 5, which nobody can earn",
		"rounding: {to: 1000}":   "1000 is more than full marks, which are 72",
		"scale: -1\npart: 3":     "line 2: there is no \"part\"",
		"scale: -1\nseeds: most": "there are all, fraction", // beside what cannot be read
	} {
		p, err := ReadPolicy([]byte(text))
		err = errors.Join(err, p.Check(testCases, 5))
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), want, text)
		assert.NotContains(t, err.Error(), "yaml", text)
	}
}

func TestPoints(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "s"), 0o755))
	text := peer + "// 2A/ReElects 2 fail: a\n// 2A/ReElects 4 fail: a\n// 2E/Asks 1 fail: b\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s", "raft.go"), []byte(text), 0o644))
	for _, c := range []struct{ policy, score, max string }{
		{"", "45", "72"},
		{"seeds: fraction", "62.6", "72"}, // 10 + 20*3/5 + 35 + 7*4/5
		{"seeds: 4 of 5", "52", "72"},
		{"seeds: 3 of 5", "72", "72"},
		{"parts: {2A: 50, 2B: 50, 2E: 0}", "66.67", "100"},
		{"parts: {2A: 50, 2B: 50, 2E: 0}\nrounding: {to: 1}", "67", "100"},
		{"parts: {2A: 50, 2B: 50, 2E: 0}\nrounding: {to: 0.5, mode: down}", "66.5", "100"},
		{"parts: {2A: 50, 2B: 50, 2E: 0}\nrounding: {to: 5, mode: up}", "70", "100"},
		{"cases: {2A/ReElects: 0.5}", "45", "62"},
		{"cases: {2A/ReElects: 0}\nscale: 10", "8.65", "10"}, // 45 of 52
		{"extra: [2E]", "45", "65"},
		{"extra: [2A/Elects]\nparts: {2A: 40}", "55", "82"},                                    // 20 of 40 on top, and 35; of 40, 35 and 7
		{"extra: [2E]\nseeds: fraction\nscale: 100\nrounding: {to: 0.0001}", "96.3077", "100"}, // 62.6 of 65
	} {
		policy, err := ReadPolicy([]byte(c.policy))
		require.NoError(t, err, c.policy)
		r := graded(t, setting(t, dir, t.TempDir(), &puppets{}, func(x *Class) { x.Policy = policy }))
		s := r.of(t, "s")
		require.NotNil(t, s.Score, c.policy)
		assert.Equal(t, c.score, s.Score.String(), c.policy)
		assert.Equal(t, c.max, s.Max.String(), c.policy)
		assert.Equal(t, 45, s.Raw, "raw points know no policy")
		assert.Equal(t, 72, s.RawMax)
	}
}

// Points that a service adds up give the score, whatever was rounded or taken off.
func TestBalanced(t *testing.T) {
	third := Int(100).over(Int(3))
	for _, c := range []struct {
		points []Number
		total  Number
		want   string
	}{
		{nil, Int(0), "[]"},
		{[]Number{third, third, third}, Int(100), "[33.3333 33.3333 33.3334]"},
		{[]Number{third, third, Int(0)}, Int(66), "[33.3333 32.6667 0]"},
		{[]Number{Int(10), Int(3), Int(2)}, Int(8), "[8 0 0]"},
		{[]Number{Int(10), Int(3), Int(2)}, Int(15), "[10 3 2]"},
		{[]Number{Int(0), Int(0)}, Int(0), "[0 0]"},
	} {
		assert.Equal(t, c.want, fmt.Sprint(Balanced(c.points, c.total)))
	}
}

// With another policy only what it needs beside what is known runs.
func TestPolicyChanges(t *testing.T) {
	dir, out := people(t), t.TempDir()
	engine := &puppets{}
	alone := func(c *Class) { c.Workers = 1 } // several begin runs that are dropped, and run again here
	graded(t, setting(t, dir, out, engine, alone))
	before := engine.runs.Load()
	scaled := func(c *Class) { c.Policy.Scale = Int(10) }
	r := graded(t, setting(t, dir, out, engine, scaled))
	assert.Equal(t, before, engine.runs.Load())
	assert.Equal(t, "10", r.of(t, "alice").Score.String())
	graded(t, setting(t, dir, out, engine, alone, func(c *Class) { c.Policy.Seeds = "fraction" }))
	assert.Greater(t, engine.runs.Load(), before, "seeds after the first that fails count now")
	for run, n := range engine.ran {
		assert.Equal(t, 1, n, run)
	}
}

func TestSelect(t *testing.T) {
	ids := func(selectors ...string) (all []string) {
		cases, err := suite.SelectParts(testCases, selectors)
		require.NoError(t, err)
		for _, c := range cases {
			all = append(all, c.ID())
		}
		return all
	}
	ordinary := []string{"2A/Elects", "2A/ReElects", "2B/Agrees", "2B/Backs"}
	assert.Equal(t, ordinary, ids("2A-2B"))
	assert.Equal(t, ordinary, ids("lab2"), "extensions count when they are named")
	assert.Equal(t, append(ordinary, "2E/Asks"), ids("lab2", "2E"))
	assert.Equal(t, []string{"2B/Agrees"}, ids("agrees"))
	for _, wrong := range [][]string{{"2B-2A"}, {"2A-2Z"}, {"2X"}} {
		_, err := suite.SelectParts(testCases, wrong)
		assert.Error(t, err, wrong)
	}
}

func TestShards(t *testing.T) {
	env := func(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, ""},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "6"}, "1/6"},
		{map[string]string{"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_STEP": "3"}, "3/4"},
		{map[string]string{"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "3"}, "3/3"},
	} {
		s, _, err := DetectShard(env(c.env))
		require.NoError(t, err)
		if c.want == "" {
			assert.Nil(t, s)
		} else {
			assert.Equal(t, c.want, s.String())
		}
	}
	for _, wrong := range []map[string]string{
		{"JOB_COMPLETION_INDEX": "2"}, {"JOB_COMPLETION_INDEX": "3", "JOB_COMPLETIONS": "3"}, {"SLURM_ARRAY_TASK_ID": "x"}, {"SLURM_ARRAY_TASK_ID": "3"},
	} {
		_, _, err := DetectShard(env(wrong))
		assert.Error(t, err, wrong)
	}
	for _, wrong := range []string{"0/3", "4/3", "1", "a/b", "1/0"} {
		_, err := ParseShard(wrong)
		assert.Error(t, err, wrong)
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{"alice": "alice", "Zoë Ångström 界": "Zoë Ångström 界", "a/b\\c:d*e": "a_b_c_d_e", "con": "_con", "nul.txt": "_nul.txt",
		"..": "_", "-rf": "_-rf", "x. ": "x", "\x1b[2J": "_x1b_2J"} {
		assert.Equal(t, want, fileName(in), in)
	}
	roster := finishRoster([]Entry{{Name: "A b"}, {Name: "a b"}, {Name: "a_b"}, {Name: "a:b"}})
	taken := map[string]bool{}
	for _, e := range roster {
		assert.False(t, taken[e.File], e.File)
		taken[e.File] = true
	}
}

// No file that a student gets holds a hidden seed, at any level of feedback but the one that shows
// it.
func TestFeedbackHidesSeeds(t *testing.T) {
	dir := people(t)
	salt, err := hidden.ReadSalt([]byte("a secret of more than sixteen bytes"), []uint64{1, 2, 3, 4, 5})
	require.NoError(t, err)
	bad := salt.Of("2A/Elects")[1]
	require.NoError(t, os.WriteFile(filepath.Join(dir, "alice", "raft.go"), []byte(peer+"// 2A/Elects "+suite.FormatSeeds([]uint64{bad})+" fail: late\n"), 0o644))
	for _, level := range []string{ShowAuto, ShowRule, ShowExcerpt, ShowTrace, ShowSeed} {
		out := t.TempDir()
		r := graded(t, setting(t, dir, out, &puppets{}, func(c *Class) { c.Seeds, c.Policy.Feedback.Failures = salt, level }))
		assert.Equal(t, "62", r.of(t, "alice").Score.String())
		code := salt.Code("2A/Elects", bad)
		for name, text := range tree(t, filepath.Join(out, "feedback")) {
			if level == ShowSeed {
				continue
			}
			for _, id := range testCases {
				for _, s := range salt.Of(id.ID()) {
					assert.NotContains(t, text, suite.FormatSeeds([]uint64{s}), name)
				}
			}
		}
		text := tree(t, out)["feedback/alice.txt"]
		if level == ShowSeed {
			assert.Contains(t, text, suite.FormatSeeds([]uint64{bad}))
		} else {
			assert.Contains(t, text, code)
		}
		assert.Equal(t, level == ShowRule, !strings.Contains(text, "did it in term"), level)
	}
}

// With counts: course, what only raftlab asks for is run and shown, and is worth nothing unless it
// is named.
func TestOnlyWhatTheCourseDemandsCounts(t *testing.T) {
	cases := slices.Clone(testCases)
	for i := range cases {
		if cases[i].Part == "2A" && i > 0 {
			continue
		}
		cases[i].Course = "ItsTest"
	}
	p := DefaultPolicy()
	p.Counts = CountsCourse
	require.NoError(t, p.Check(cases, 5))
	assert.Equal(t, Int(cases[0].Points).String(), p.worth(cases[0], cases).String())
	assert.True(t, p.worth(cases[1], cases).IsZero(), cases[1].ID())
	p.Parts = map[string]Number{"2A": Int(30)}
	assert.Equal(t, "30", p.worth(cases[0], cases).String(), "a part's points go to what counts")
	p.Cases = map[string]Number{cases[1].ID(): Int(1)}
	assert.False(t, p.worth(cases[1], cases).IsZero(), "a case that is named counts")
	p.Counts = "some"
	assert.ErrorContains(t, p.Check(cases, 5), `counts: "some" is not known`)
	for i := range cases {
		cases[i].Course = ""
	}
	p = DefaultPolicy()
	p.Counts = CountsCourse
	assert.ErrorContains(t, p.Check(cases, 5), "none that the course demands")
}

// A folder that is itself a submission is not taken for a class whose students are called like its
// files.
func TestOneSubmissionIsNoClass(t *testing.T) {
	for _, name := range []string{"raft.go", "raft/raft.go", "src/raft1/raft.go"} {
		dir := t.TempDir()
		put(t, dir, "alice/"+name, peer)
		roster, _, err := FindRoster(dir)
		require.NoError(t, err)
		assert.Equal(t, "alice", roster[0].Name)
		_, _, err = FindRoster(filepath.Join(dir, "alice"))
		require.ErrorContains(t, err, "is one submission", name)
		assert.ErrorContains(t, err, "--one", name)
	}
}

// Code in the course's layout is in no course tree, so its replay has to be told where it is.
func TestReplayOfAnAdoptedSolution(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "alice/raft/raft.go", peer+"// 2A/ReElects 2 fail: two leaders\n")
	const command = "go run ./cmd/raftlab replay 2A/ReElects --seed 2"
	own := graded(t, setting(t, dir, t.TempDir(), &puppets{}))
	assert.Equal(t, command, own.Notes(own.of(t, "alice"))[0].Replay)
	adopted := graded(t, setting(t, dir, t.TempDir(), &puppets{}, func(c *Class) {
		c.Open = func(ctx context.Context, path From, packages []string) (Tree, error) {
			tree, err := Open(ctx, path, packages)
			tree.Dirs = map[string]string{"raft": "src/raft"}
			return tree, err
		}
	}))
	assert.Equal(t, command+" --impl YOUR-REPOSITORY", adopted.Notes(adopted.of(t, "alice"))[0].Replay)
}
