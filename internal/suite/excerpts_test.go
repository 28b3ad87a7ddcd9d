package suite_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

// TestExcerpts measures: make excerpts. The run of a mutant and the reference's with the same seed
// are the same up to the event at which the mutant first departed; in how many failures does a
// reader see it, in the excerpt, and in as many of the run's last lines? A message that is missing is
// seen by what is sent in its place. Many a mistake is first
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
	m := newMeasure(t)
	for _, s := range m.subjects[1:] {
		wrong, happened := m.run(s, s.Name)
		_, should := m.run(m.subjects[0], s.Name)
		m.judge(s.Name, wrong, happened, should)
	}
	n := max(m.events, 1)
	fmt.Printf("%d mutants; of %d failures that are told by events the excerpt has the first departure in %d (%.0f %%), the last lines in %d (%.0f %%);\n"+
		"the first visible consequence is in %d (%.0f %%)\n",
		len(m.subjects)-1, m.events, m.seen, 100*float64(m.seen)/float64(n), m.before, 100*float64(m.before)/float64(n), m.visible, 100*float64(m.visible)/float64(n))
}

// underTest is the code that mutants are of.
var underTest = []string{"raftlab/raft", "raftlab/kvsrv", "raftlab/kvsrv/lock", "raftlab/kvraft", "raftlab/kvraft/rsm", "raftlab/shardkv", "raftlab/shardkv/shardctrler"}

// judge looks at the failure of a mutant.
func (m *measure) judge(name string, wrong sim.Result, happened, should []record.Event) {
	id, seed, _ := m.kills.Run(name)
	c := m.hunt.Cases[slices.IndexFunc(m.hunt.Cases, func(c suite.Case) bool { return c.ID() == id })]
	told := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: c, Seed: seed}, State: suite.Ran, Result: wrong})
	told.Replay = "replay"
	if told.Outcome != record.Fail || told.Stack != "" || len(happened) == 0 {
		fmt.Printf("%-36s %-26s no excerpt of events: %s\n", name, m.kills[name], told.Outcome)
		return
	}
	at := 0
	for at < len(happened)-1 && at < len(should) && alike(happened[at], should[at]) {
		at++
	}
	departures := wholeCall(happened, at)
	if at < len(should) {
		departures = append(departures, should[at])
		departures = append(departures, inPlaceOf(should[at], happened[at:])...)
	}
	lines := suite.Failure{Case: c, Run: told, Events: happened, Packages: underTest}.Lines()
	violates := happened[at].Kind == record.Violation // which the first line tells
	good := violates || tells(lines, departures)
	var plain strings.Builder
	require.NoError(m.t, timeline.Print(&plain, happened[:len(happened)-1], timeline.Options{Unwrapped: true}))
	last := strings.Split(strings.TrimSpace(plain.String()), "\n")
	last = append(last[:1:1], last[max(1, len(last)-max(len(excerptOf(lines)), 1)+1):]...)
	was := violates || tells(last, departures)
	subject := deduce.SubjectOf(told.Rule, told.Message, told.Peers)
	about := firstAbout(happened, should, at, subject)
	visible := good || tells(lines, wholeCall(happened, about)) ||
		happened[about].Kind == record.Violation && tellsAll(lines, named(happened, subject))
	bs := slices.DeleteFunc(deduce.Breaches(happened), func(b deduce.Breach) bool { return !b.Tells(subject) })
	if len(bs) > 0 {
		visible = visible || tells(lines, happened[bs[0].At:bs[0].At+1])
	}
	if all := deduce.Breaches(should); len(all) > 0 {
		m.t.Errorf("%s: the reference contradicts itself: peer %d %s", m.kills[name], all[0].Peer, all[0].What)
	}
	m.count(good, visible, was)
	fmt.Printf("%-36s %-26s excerpt %-5v visible %-5v last lines %-5v of %d events the departure is %d from the end: %s\n", name, m.kills[name], good, visible, was,
		len(happened), len(happened)-at, happened[at].AppendJSON(nil))
	if !good && testing.Verbose() {
		fmt.Printf("    %.300s\n    instead of %s %.300s\n", happened[at].Detail, departures[len(departures)-1].AppendJSON(nil), departures[len(departures)-1].Detail)
		fmt.Printf("    about the verdict: %s %.200s\n", happened[about].AppendJSON(nil), happened[about].Detail)
		fmt.Println("    " + strings.Join(lines, "\n    "))
	}
}

// count counts one failure: whether the departure is in its excerpt, the visible consequence, and the
// departure in the last lines.
func (m *measure) count(good, visible, was bool) {
	m.events++
	for n, is := range map[*int]bool{&m.seen: good, &m.visible: visible, &m.before: was} {
		if is {
			*n++
		}
	}
}

// TestExcerptsOfTheReference makes a run of every case: what contradicts itself in the reference's is
// a mistake of [deduce.Breaches].
func TestExcerptsOfTheReference(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes some minutes: make excerpts")
	}
	m := newMeasure(t)
	passed := 0
	for _, c := range m.hunt.Cases {
		r, events := m.runOf(m.subjects[0], c, 1)
		if r.Verdict.Outcome != record.Pass {
			continue // what 4D to 4F ask for the reference is not
		}
		passed++
		accusesNobody(t, "reference "+c.ID(), events)
	}
	require.Greater(t, passed, 200)
}

// TestExcerptsOfVariants is the same for correct peers in other styles, on some cases of each.
func TestExcerptsOfVariants(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes some minutes: -mutants 20")
	}
	m := newMeasure(t)
	passed := 0
	for _, run := range m.variantsRuns(13) {
		r, events := m.runOf(run.Subject, run.Case, run.Seed)
		if r.Verdict.Outcome == record.Pass {
			passed++
			accusesNobody(t, run.Subject.Name+" "+run.Case.ID(), events)
		}
	}
	t.Logf("%d runs that passed", passed)
	require.Positive(t, passed)
}

// accusesNobody says that no peer of a run contradicts itself. What is said only of runs that failed by one
// rule does not count.
func accusesNobody(t *testing.T, name string, events []record.Event) {
	t.Helper()
	for _, b := range deduce.Breaches(events) {
		if b.Rule == "" {
			t.Errorf("%s: at %v a correct peer contradicts itself: peer %d %s", name, events[b.At].Time, b.Peer, b.What)
		}
	}
}

// alike says whether two events are the same, wherever in the code they come from; a field that only one
// of the peers has makes no difference.
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
	a.Where, b.Where = "", ""
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

// inPlaceOf is what a peer sends next to another one, where the reference sent something that this run
// does not have, nor a heartbeat later.
func inPlaceOf(missing record.Event, later []record.Event) []record.Event {
	same := func(e record.Event) bool {
		return e.Kind == record.Sent && e.Peer == missing.Peer && e.Other == missing.Other
	}
	if missing.Kind != record.Sent || slices.ContainsFunc(later, func(e record.Event) bool {
		return same(e) && e.Detail == missing.Detail && e.Time-missing.Time < heartbeat
	}) {
		return nil
	}
	if next := slices.IndexFunc(later, same); next >= 0 {
		return wholeCall(later, next)
	}
	return nil
}

// heartbeat is how long a leader of the reference is silent at most.
const heartbeat = 100 * time.Millisecond

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

// named are the events with which the operations end that the verdict names, and the first answer to
// each question that it repeats.
func named(events []record.Event, s deduce.Subject) (ends []record.Event) {
	asked := map[int]string{} // by clients
	seen := map[string]bool{}
	for _, e := range events {
		if e.Kind == record.Invoke {
			asked[e.Peer] = e.Method + " " + e.Text
		}
		if q := asked[e.Peer]; e.Kind == record.Return && e.Method == "query" && slices.Contains(s.Asked, q) && !seen[q] {
			seen[q] = true
			ends = append(ends, e)
		}
		if s.Ends(e) {
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

// firstAbout is the first event from at on that is not in the reference's run, and is about what the
// verdict names. A verdict on a history names operations by their times: other operations on the same
// key are not what it is about, nor is what comes later. If there is none, it is the violation; and if
// the verdict accuses a peer of something that it did, the last event of that peer before, with which it
// was seen.
func firstAbout(happened, should []record.Event, at int, s deduce.Subject) int {
	type said struct {
		kind         record.Kind
		peer, other  int
		method, text string
	}
	of := func(e record.Event) said {
		return said{e.Kind, e.Peer, e.Other, e.Method, fmt.Sprint(e.Index, e.Term, e.Leader, e.Text, e.Detail)}
	}
	known := map[said]int{} // how often
	for _, e := range should {
		known[of(e)]++
	}
	within := func(record.Event) bool { return true }
	ends, last := named(happened, s), s.Last()
	if len(ends) > 0 {
		within = func(e record.Event) bool {
			return (last == 0 || e.Time <= last) && (e.Peer < record.FirstClient || slices.ContainsFunc(ends, func(end record.Event) bool {
				return e.Peer == end.Peer && e.Time <= end.Time && e.Time >= began(happened, end)
			}))
		}
	}
	open := unfinished(happened, s)
	for i, e := range happened {
		concerned := s.Concerns(e) && within(e)
		if since, ok := open[e.Peer]; ok && s.Liveness() {
			concerned = concerned || i > since
		}
		if known[of(e)]--; known[of(e)] < 0 && i >= at && concerned {
			return i
		}
	}
	if len(ends) > 0 || s.Liveness() {
		return len(happened) - 1
	}
	for i := len(happened) - 2; i > at; i-- {
		if e := happened[i]; slices.Contains(s.Peers, e.Peer) {
			return i
		}
	}
	return at
}

// unfinished are the operations that have not ended of clients that the verdict names, by the events with
// which they began: with no progress, all that such a client asks belongs to it.
func unfinished(events []record.Event, s deduce.Subject) map[int]int {
	open := map[int]int{}
	for at, e := range events {
		switch {
		case e.Kind == record.Invoke && slices.Contains(s.Clients, e.Peer):
			open[e.Peer] = at
		case e.Kind == record.Return:
			delete(open, e.Peer)
		}
	}
	return open
}

// began is when the operation began that ends with an event.
func began(events []record.Event, end record.Event) (at time.Duration) {
	for _, e := range events {
		if e.Kind == record.Invoke && e.Peer == end.Peer && e.Time <= end.Time {
			at = e.Time
		}
	}
	return at
}
