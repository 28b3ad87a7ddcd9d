package suite_test

import (
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

	"github.com/stretchr/testify/require"

	"raftlab/internal/deduce"
	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/labs"
)

var (
	measured = flag.Int("mutants", 0, "with TestExcerpts: how many mutants to measure the excerpts on")
	only     = flag.String("only", "", "with TestExcerpts: only mutants whose names match this regular expression")
)

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

var root = filepath.Join("..", "..")

// TestExcerpts measures: make excerpts. The run of a mutant and the reference's with the same seed
// are the same up to the event at which the mutant first departed; in how many failures does a
// reader see it, in the excerpt, and in as many of the run's last lines? Many a mistake is first
// made where it does no harm: the first heartbeat too many, the first of a hundred numbers. So the
// first visible consequence counts apart: the first departure, or the first event that the
// reference's run does not have and that is about what the verdict names, or the first at which the
// trace contradicts itself, which it never does in a run of the reference. A history can be wrong
// although each event of it is in the reference's run as well, at another time: then the ends of all
// operations that the verdict names have to be there.
func TestExcerpts(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes a long time: -mutants 40")
	}
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	kills, err := mutation.ReadKills(root)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool {
		_, seed, known := kills.Run(s.Name)
		interrupted := seed%10 == 4 || seed%10 == 8 // where places in the source count
		return s.Runner() != patch.Engine || s.Contract() != "" || s.Patch.Header.Of != "" || s.Patch.Header.Alone || !known || interrupted
	})
	subjects := []mutation.Subject{{Name: "reference", Kind: mutation.Reference}}
	for _, s := range mutation.Evenly(all, *measured) {
		if regexp.MustCompile(*only).MatchString(s.Name) {
			subjects = append(subjects, s)
		}
	}
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{}}
	events, seen, visible, before := 0, 0, 0, 0
	for _, s := range subjects[1:] {
		id, seed, _ := kills.Run(s.Name)
		c := hunt.Cases[slices.IndexFunc(hunt.Cases, func(c suite.Case) bool { return c.ID() == id })]
		if hunt.Binaries[c.Package] == nil {
			edits, err := mutation.Bundle(root, c.Package, subjects)
			require.NoError(t, err)
			hunt.Binaries[c.Package], err = sim.Build{Framework: root, Package: c.Package, Edits: edits, Native: true}.Binary(context.Background(), func(string) {})
			require.NoError(t, err)
		}
		run := func(s mutation.Subject) (sim.Result, []record.Event) {
			j := hunt.Job(s, c, seed)
			j.Trace, j.Params.Detail = filepath.Join(t.TempDir(), "trace"), true
			r := pool.Run(context.Background(), j)
			f, err := os.Open(j.Trace)
			require.NoError(t, err)
			defer f.Close()
			events, _ := timeline.Read(f) // of a crash the last line may be a part
			return r, events
		}
		wrong, happened := run(s)
		_, should := run(subjects[0])
		told := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: c, Seed: seed}, State: suite.Ran, Result: wrong})
		told.Replay = "replay"
		if told.Outcome != record.Fail || told.Stack != "" || len(happened) == 0 {
			fmt.Printf("%-36s %-26s no excerpt of events: %s\n", s.Name, kills[s.Name], told.Outcome)
			continue
		}
		events++
		at := 0
		for at < len(happened)-1 && at < len(should) && alike(happened[at], should[at]) {
			at++
		}
		departures := wholeCall(happened, at)
		if at < len(should) {
			departures = append(departures, should[at])
		}
		lines := suite.Failure{Case: c, Run: told, Events: happened}.Lines()
		violates := happened[at].Kind == record.Violation // which the first line tells
		good := violates || tells(lines, departures)
		var plain strings.Builder
		require.NoError(t, timeline.Print(&plain, happened[:len(happened)-1], timeline.Options{Unwrapped: true}))
		last := strings.Split(strings.TrimSpace(plain.String()), "\n")
		last = append(last[:1:1], last[max(1, len(last)-len(excerptOf(lines))+1):]...)
		was := violates || tells(last, departures)
		if good {
			seen++
		}
		subject := deduce.SubjectOf(told.Rule, told.Message, told.Peers)
		about := firstAbout(happened, should, at, subject)
		consequence := good || tells(lines, wholeCall(happened, about)) ||
			happened[about].Kind == record.Violation && tellsAll(lines, named(happened, subject))
		if bs := deduce.Breaches(happened); len(bs) > 0 {
			consequence = consequence || tells(lines, happened[bs[0].At:bs[0].At+1])
		}
		if all := deduce.Breaches(should); len(all) > 0 {
			t.Errorf("%s: the reference contradicts itself: peer %d %s", kills[s.Name], all[0].Peer, all[0].What)
		}
		if consequence {
			visible++
		}
		if was {
			before++
		}
		fmt.Printf("%-36s %-26s excerpt %-5v visible %-5v last lines %-5v of %d events the departure is %d from the end: %s\n", s.Name, kills[s.Name], good, consequence, was,
			len(happened), len(happened)-at, happened[at].AppendJSON(nil))
		if !good && testing.Verbose() {
			fmt.Printf("    %.300s\n    instead of %s %.300s\n", happened[at].Detail, departures[len(departures)-1].AppendJSON(nil), departures[len(departures)-1].Detail)
			fmt.Println("    " + strings.Join(lines, "\n    "))
		}
	}
	n := max(events, 1)
	fmt.Printf("%d mutants; of %d failures that are told by events the excerpt has the first departure in %d (%.0f %%), the last lines in %d (%.0f %%);\n"+
		"the first visible consequence is in %d (%.0f %%)\n",
		len(subjects)-1, events, seen, 100*float64(seen)/float64(n), before, 100*float64(before)/float64(n), visible, 100*float64(visible)/float64(n))
}

// TestExcerptsOfTheReference makes a run of every case: what contradicts itself in the reference's is
// a mistake of [deduce.Breaches].
func TestExcerptsOfTheReference(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes some minutes: make excerpts")
	}
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{}}
	passed := 0
	for _, c := range hunt.Cases {
		if hunt.Binaries[c.Package] == nil {
			hunt.Binaries[c.Package], err = sim.Build{Framework: root, Package: c.Package, Native: true}.Binary(context.Background(), func(string) {})
			require.NoError(t, err)
		}
		j := hunt.Job(mutation.Subject{Name: "reference", Kind: mutation.Reference}, c, 1)
		j.Trace, j.Params.Detail = filepath.Join(t.TempDir(), "trace"), true
		if pool.Run(context.Background(), j).Verdict.Outcome != record.Pass {
			continue // what 4D to 4F ask for the reference is not
		}
		passed++
		f, err := os.Open(j.Trace)
		require.NoError(t, err)
		events, err := timeline.Read(f)
		f.Close()
		require.NoError(t, err)
		for _, b := range deduce.Breaches(events) {
			t.Errorf("%s: at %v the reference contradicts itself: peer %d %s", c.ID(), events[b.At].Time, b.Peer, b.What)
		}
		require.NoError(t, os.Remove(j.Trace))
	}
	require.Greater(t, passed, 200)
}

// alike says whether two events are the same; a field that only one of the peers has makes no
// difference.
func alike(a, b record.Event) bool {
	in := func(text string) func(string) string {
		return func(field string) string {
			name, _, _ := strings.Cut(field, ":")
			if strings.Contains(text, name+":") {
				return field
			}
			return ""
		}
	}
	a.Detail, b.Detail = fields.ReplaceAllStringFunc(a.Detail, in(b.Detail)), fields.ReplaceAllStringFunc(b.Detail, in(a.Detail))
	return a == b
}

var fields = regexp.MustCompile(`\w+:[^ {}]+ ?`)

// wholeCall is an event, and if it belongs to a message, what becomes of that: it arrives, is
// answered, and is what a client's operation comes to.
func wholeCall(events []record.Event, at int) []record.Event {
	first := events[at]
	all := []record.Event{first}
	for _, e := range events[at+1:] {
		if first.N == 0 || e.Kind == record.Sent && e.Peer == first.Peer && e.Other == first.Other && e.N == first.N {
			break
		}
		if e.N == first.N && e.Peer == first.Peer && e.Other == first.Other {
			all = append(all, e)
		}
		if e.Peer == first.Peer && e.Kind == record.Return {
			all = append(all, e)
			break
		}
		if e.Peer == first.Peer && e.Kind == record.Replied && e.N == first.N && e.Other == first.Other && e.Peer < record.FirstClient {
			break
		}
	}
	return all
}

// excerptOf are the lines with events, and the one above them with the columns.
func excerptOf(lines []string) []string {
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "seconds |") })
	if at < 0 {
		return nil
	}
	end := at + 1
	for end < len(lines) && eventLine.MatchString(lines[end]) {
		end++
	}
	return lines[at:end]
}

var (
	eventLine = regexp.MustCompile(`^ *\d+\.\d{4} \| |^ {10} \|    \S`) // or the rest of one
	ofColumn  = regexp.MustCompile(`^(peer |client )?(\d+)`)
)

// named are the events with which the operations end that the verdict names.
func named(events []record.Event, s deduce.Subject) (ends []record.Event) {
	for _, e := range events {
		if e.Kind == record.Return && slices.Contains(s.Clients, e.Peer) && slices.Contains(s.Times, e.Time.Round(100*time.Microsecond)) {
			ends = append(ends, e)
		}
	}
	return ends
}

// tellsAll is tells for each of the events, of which there is one at least.
func tellsAll(lines []string, events []record.Event) bool {
	return len(events) > 0 && !slices.ContainsFunc(events, func(e record.Event) bool { return !tells(lines, []record.Event{e}) })
}

// isAbout says whether a line across all columns is about the peer.
func isAbout(line string, peer int) bool {
	who := "-- peer " + timeline.Name(peer) + " "
	if peer >= record.FirstClient {
		who = "-- client " + timeline.Name(peer)[1:] + " "
	}
	return strings.HasPrefix(line, who)
}

// tells says whether one of the lines stands for one of the events: the same instant, in the same
// column.
func tells(lines []string, events []record.Event) bool {
	lines = excerptOf(lines)
	if len(lines) == 0 {
		return false
	}
	columns := strings.Split(lines[0], " | ")[1:]
	for _, l := range lines[1:] {
		cells := strings.Split(l, " | ")
		who := ""
		for i, cell := range cells[1:] {
			if strings.TrimSpace(cell) != "" && i < len(columns) {
				if m := ofColumn.FindStringSubmatch(columns[i]); m != nil {
					who = strings.TrimPrefix(strings.Replace(m[0], "client ", "c", 1), "peer ")
				}
				break
			}
		}
		for _, e := range events {
			peer := e.Peer
			if e.Kind == record.Delivered || e.Kind == record.Handled {
				peer = e.Other
			}
			same := strings.TrimSpace(cells[0]) == fmt.Sprintf("%.4f", e.Time.Seconds())
			across := strings.HasPrefix(cells[1], "-- ") && (peer < 0 || e.Kind == record.Cut || e.Kind == record.Heal || isAbout(cells[1], peer))
			if same && (across || peer >= 0 && who == timeline.Name(peer)) {
				return true
			}
		}
	}
	return false
}

// firstAbout is the first event from at on that is not in the reference's run, and is about what the verdict names.
func firstAbout(happened, should []record.Event, at int, s deduce.Subject) int {
	type said struct {
		kind         record.Kind
		peer, other  int
		method, text string
	}
	of := func(e record.Event) said {
		return said{e.Kind, e.Peer, e.Other, e.Method, fmt.Sprint(e.Index, e.Term, e.Leader, e.Text, e.Detail)}
	}
	known := map[said]bool{}
	for _, e := range should {
		known[of(e)] = true
	}
	for i := at; i < len(happened); i++ {
		if e := happened[i]; !known[of(e)] && s.Concerns(e) {
			return i
		}
	}
	return at
}
