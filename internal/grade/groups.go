package grade

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// Group is a failure that several students share: the same rule, broken in the same way.
type Group struct {
	ID       string         `json:"id"` // "g1a2b3c4d", for hints and --group
	Outcome  record.Outcome `json:"outcome"`
	Rule     string         `json:"rule,omitempty"`
	Section  string         `json:"section,omitempty"`
	What     string         `json:"what"`     // the message without its numbers
	Students []string       `json:"students"` // sorted
	Cases    []string       `json:"cases"`    // in the order of the tables
	Hint     string         `json:"hint,omitempty"`
}

var (
	durations = regexp.MustCompile(`\b(?:[0-9]+h)?(?:[0-9]+m)?[0-9]+(?:\.[0-9]+)?(?:s|ms|µs|ns)\b`)
	numbers   = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?`)
	values    = regexp.MustCompile(`"[^"]*"|0x[0-9a-f]+|\{[^{}]*\}`)
)

// signature is what was seen without what differs from run to run: numbers, values, and how often
// the same is said again of another peer.
func signature(run Run) string {
	first, _, _ := strings.Cut(strings.TrimSpace(run.Message), "\n")
	if run.Outcome != record.Fail && run.Rule == string(run.Outcome) {
		if place := ownPlace(run.Stack); place != "" {
			first += " in " + place
		}
	}
	first = durations.ReplaceAllString(values.ReplaceAllString(first, "…"), "Ns")
	return plain.Cut(folded(numbers.ReplaceAllString(first, "N")), 200)
}

// words are what a text is made of, each with the blank before it.
var words = regexp.MustCompile(`\s*(?:[^\s,;()\[\]]+|[,;()\[\]])`)

// maxFolded is how many words of a text may be said again.
const maxFolded = 12

// folded is a text in which lists have one item: "peer N has term N, peer N has term N and peer N
// has term N" is "peer N has term N".
func folded(text string) string {
	found := words.FindAllString(text, -1)
	for again := true; again; {
		again = false
		for i := range found {
			if from, to := repeats(found, i); to > 0 {
				found, again = slices.Delete(found, from, to), true
				break
			}
		}
	}
	return strings.Join(found, "")
}

// repeats finds what says again what begins at the i-th word, right after it: the words from one
// number up to the other, which are 0 where nothing does. What separates the two belongs to it.
func repeats(words []string, i int) (from, to int) {
	bare := func(at int) string { return strings.TrimSpace(words[at]) }
	for n := 1; n <= maxFolded && i+2*n <= len(words); n++ {
		second := i + n
		for second < len(words) && slices.Contains([]string{",", ";", "and", "or"}, bare(second)) {
			second++
		}
		same := second+n <= len(words)
		for k := 0; same && k < n; k++ {
			same = bare(i+k) == bare(second+k)
		}
		if same {
			return i + n, second + n
		}
	}
	return 0, 0
}

var ownFrame = regexp.MustCompile(`(?m)^raftlab/((?:kvsrv|raft|kvraft|shardkv)[\w/]*\.[^\n(]*(?:\(\*?\w+\)[^\n(]*)?)\(`)

// ownPlace is the function of the code under test that a stack names first.
func ownPlace(stack string) string {
	if m := ownFrame.FindStringSubmatch(stack); m != nil {
		return m[1]
	}
	return ""
}

// groupOf names the group of a run that failed.
func groupOf(run Run) string {
	sum := sha256.Sum256([]byte(string(run.Outcome) + "\x00" + run.Rule + "\x00" + signature(run)))
	return "g" + hex.EncodeToString(sum[:4])
}

// Groups returns the failures of a class, the most frequent first.
func Groups(students []Student, hints map[string]string) []Group {
	byID := map[string]*Group{}
	var all []*Group
	for _, s := range students {
		for _, c := range s.Cases {
			f := c.Failing
			if f == nil || f.Group == "" {
				continue
			}
			g := byID[f.Group]
			if g == nil {
				g = &Group{ID: f.Group, Outcome: f.Outcome, Rule: f.Rule, Section: f.Section, What: signature(f.Run), Hint: hints[f.Group]}
				byID[f.Group] = g
				all = append(all, g)
			}
			if !slices.Contains(g.Students, s.Name) {
				g.Students = append(g.Students, s.Name)
			}
			if !slices.Contains(g.Cases, c.Case) {
				g.Cases = append(g.Cases, c.Case)
			}
		}
	}
	groups := make([]Group, len(all))
	for i, g := range all {
		groups[i] = *g
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Students), len(a.Students)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
	})
	return groups
}
