package timeline

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
)

const ms = time.Millisecond

// story is an election at peer 0 that peer 1 helps with, and a cut that ends it.
func story() []record.Event {
	e := func(at time.Duration, k record.Kind, p, q int) record.Event {
		return record.Event{Time: at, Kind: k, Peer: p, Other: q}
	}
	vote := func(at time.Duration, k record.Kind) record.Event {
		v := e(at, k, 0, 1)
		v.Method, v.N = "Raft.RequestVote", 1
		return v
	}
	leads := e(233*ms, record.State, 0, record.None)
	leads.Term, leads.Leader = 1, true
	lost := e(1031*ms, record.Dropped, 0, 2)
	lost.Method, lost.Text = "Raft.AppendEntries", "link cut"
	broken := e(2*time.Second, record.Violation, record.None, record.None)
	broken.Text = "two leaders in a term"
	return []record.Event{
		vote(231*ms, record.Sent), vote(232*ms, record.Delivered), vote(232*ms, record.Handled), vote(233*ms, record.Replied),
		leads,
		e(1000*ms, record.Cut, 0, 2), e(1000*ms, record.Cut, 2, 0), e(1000*ms, record.Cut, 2, 1),
		lost, broken,
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	require.NoError(t, Print(&out, story(), Options{Width: 97}))
	const want = `   seconds | peer 0                     | peer 1                     | peer 2
    0.2310 | -> 1 RequestVote
    0.2320 |                            | <- 0 RequestVote
    0.2330 | <- 1 reply RequestVote
    0.2330 | leads term 1
    1.0000 | -- cut 0<->2, 2->1
    1.0310 | -> 2 lost AppendEntries
           | (link cut)
    2.0000 | -- VIOLATION: two leaders in a term
`
	assert.Equal(t, want, out.String())
}

// Where servers are in groups, their columns say which, as far as there is room.
func TestColumnsNameGroups(t *testing.T) {
	events := []record.Event{}
	for i, group := range []string{"controller", "group 1"} {
		events = append(events, record.Event{Kind: record.Start, Peer: i, Other: record.None, Text: group})
	}
	events = append(events, record.Event{Kind: record.Invoke, Peer: record.FirstClient, Other: record.None, Method: "get", Text: "x"})
	for width, want := range map[int]string{
		97: "   seconds | peer 0, controller         | peer 1, group 1            | client 0",
		67: "   seconds | 0, controller    | 1, group 1       | client 0", // columns of 16
	} {
		var out strings.Builder
		require.NoError(t, Print(&out, events, Options{Width: width}))
		header, _, _ := strings.Cut(out.String(), "\n")
		assert.Equal(t, want, header, width)
	}
	for _, peer := range []int{0, 1} {
		events = append(events, record.Event{Time: ms, Kind: record.CrashPeer, Peer: peer, Other: record.None})
	}
	assert.Equal(t, "   seconds | peer 0       | 1, group 1", Tail(events, deduce.Subject{Peers: []int{0, 1}}, 5, 40)[0], "it need not be both")
	assert.Equal(t, "   seconds | peer 0    | peer 1", Tail(events, deduce.Subject{Peers: []int{0, 1}}, 5, 30)[0])
}

func TestList(t *testing.T) {
	events := story()
	events[0].Detail = "{Term:1}"
	events[1].Detail = "{Term:1}"
	events[3].Detail = "{VoteGranted:true}"
	lost := record.Event{Time: 1100 * ms, Kind: record.Sent, Peer: 0, Other: 2, Method: "Raft.RequestVote", N: 2, Detail: "{Term:2}"}
	events = append(events, lost)
	lost.Kind, lost.Detail, lost.Text = record.Dropped, "", "link cut"
	events = append(events, lost)
	var out strings.Builder
	require.NoError(t, List(&out, events, Choice{From: 232 * ms, To: 1100 * ms, Methods: []string{"RequestVote"}}))
	const want = `    0.2320  0 -> 1   RequestVote {Term:1}
    0.2330  0 <- 1   RequestVote {VoteGranted:true}
    0.2330  0        leads term 1
    1.0000  cut 0<->2, 2->1
    1.1000  0 -x 2   RequestVote {Term:2} (link cut)
`
	assert.Equal(t, want, out.String())
}

// A case may make several clusters, one after the other, and each counts its calls from one. A lost
// call is told with its own arguments, and long ones are all indented alike.
func TestListTellsCallsOfSeveralClustersApart(t *testing.T) {
	call := record.Event{Time: ms, Kind: record.Sent, Peer: 0, Other: 1, Method: "Raft.RequestVote", N: 1}
	var events []record.Event
	for i, detail := range []string{"{Term:1 " + strings.Repeat("Word:1 ", 40) + "}", "{Term:2}"} {
		sent, lost := call, call
		sent.Time, sent.Detail = time.Duration(i+1)*time.Second, detail
		lost.Time, lost.Kind, lost.Text = sent.Time+ms, record.Dropped, "link cut"
		events = append(events, sent, lost)
	}
	var out strings.Builder
	require.NoError(t, List(&out, events, Choice{Methods: []string{"RequestVote"}}))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Greater(t, len(lines), 3, out.String())
	assert.Contains(t, lines[0], "{Term:1 Word")
	assert.Contains(t, lines[len(lines)-1], "{Term:2} (link cut)")
	for _, line := range lines[1 : len(lines)-1] {
		assert.Equal(t, len(lines[1])-len(strings.TrimLeft(lines[1], " ")), len(line)-len(strings.TrimLeft(line, " ")), out.String())
	}
}

func TestPrintPart(t *testing.T) {
	var out strings.Builder
	require.NoError(t, Print(&out, story(), Options{Peers: []int{1}, From: 232 * ms, To: 1000 * ms}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3, "a header, the delivery at peer 1, and the cut that concerns it: %s", out.String())
	assert.Contains(t, lines[1], "<- 0 RequestVote")
	assert.Contains(t, lines[2], "cut")
}

// Whoever reads a timeline can ask for its columns by the names in it.
func TestPeersByName(t *testing.T) {
	for peer, names := range map[int][]string{
		0: {"0", "peer 0", " 0 "}, 12: {"12"},
		record.FirstClient: {"c0", "client 0", "C0", "1000"}, record.FirstClient + 7: {"c7", "client 7", "client7"},
	} {
		for _, name := range append(names, Name(peer)) {
			got, ok := Peer(name)
			assert.True(t, ok, name)
			assert.Equal(t, peer, got, name)
		}
	}
	for _, name := range []string{"", "c", "x", "-1", "c-1", "0x1", "client", "1 2", "99999999999"} {
		_, ok := Peer(name)
		assert.False(t, ok, name)
	}
}

func TestTailPrefersWhatMatters(t *testing.T) {
	events := story()[:5]
	for i := range 200 { // heartbeats, for two seconds
		beat := record.Event{Time: time.Duration(300+10*i) * ms, Kind: record.Delivered, Peer: 0, Other: 1, Method: "Raft.AppendEntries"}
		events = append(events, beat)
	}
	for i := range 50 {
		events = append(events, record.Event{Time: 2400 * ms, Kind: record.Apply, Peer: 1, Other: record.None, Index: i + 1})
	}
	events = append(events, record.Event{Time: 2500 * ms, Kind: record.Violation, Peer: 1, Other: record.None, Text: "wrong"})

	lines := Tail(events, deduce.Subject{Peers: []int{0, 1}}, 8, 100)
	text := strings.Join(lines, "\n")
	assert.LessOrEqual(t, len(lines), 9)
	assert.Contains(t, text, "leads term 1", "an election long ago outweighs heartbeats")
	assert.Contains(t, text, "<- 0 AppendEntries (x200)")
	assert.Contains(t, text, "apply 1 to 50")
	assert.Contains(t, lines[len(lines)-1], "VIOLATION: wrong")
	for _, l := range lines {
		assert.LessOrEqual(t, len(l), 100)
	}
	assert.Empty(t, Tail(nil, deduce.Subject{}, 8, 100))
}

func TestRead(t *testing.T) {
	var file bytes.Buffer
	for _, e := range story() {
		file.Write(append(e.AppendJSON(nil), '\n'))
	}
	events, err := Read(&file)
	require.NoError(t, err)
	assert.Equal(t, story(), events)

	_, err = Read(strings.NewReader(`{"t":1,"k":"note","p":-1,"q":-1}` + "\nnot json\n"))
	assert.ErrorContains(t, err, "line 2")
}

func TestNetworkIsToldAsWhatItComesTo(t *testing.T) {
	links := func(at time.Duration, k record.Kind, ends ...int) (events []record.Event) {
		for i := 0; i < len(ends); i += 2 {
			events = append(events, record.Event{Time: at, Kind: k, Peer: ends[i], Other: ends[i+1]})
		}
		return events
	}
	start := func(p int) record.Event { return record.Event{Kind: record.Start, Peer: p, Other: record.None} }
	events := []record.Event{start(0), start(1), start(2)}
	events = append(events, links(1*time.Second, record.Cut, 0, 2, 2, 0, 1, 2, 2, 1)...)
	events = append(events, links(2*time.Second, record.Heal, 0, 2, 2, 0, 1, 2, 2, 1)...) // from one partition
	events = append(events, links(2*time.Second, record.Cut, 0, 1, 0, 2, 1, 0, 2, 0)...)  // straight to the next
	events = append(events, links(3*time.Second, record.Cut, 0, 1)...)                    // it is cut already
	events = append(events, links(4*time.Second, record.Heal, 0, 1)...)
	events = append(events, links(5*time.Second, record.Heal, 1, 0, 0, 2, 2, 0)...)
	events = append(events, links(6*time.Second, record.Cut, 1, 2)...)
	events = append(events, start(0), start(1), start(2)) // a new cluster
	events = append(events, links(7*time.Second, record.Cut, 0, 1)...)
	var told []string
	for _, r := range rowsOf(events) {
		if len(r.links) > 0 {
			told = append(told, r.text)
		}
	}
	assert.Equal(t, []string{"network {0 1} {2}", "network {0} {1 2}", "heal 0->1", "network whole", "cut 1->2", "cut 0->1"}, told)
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"a fairly", "long line"}, Wrap("a fairly long line", 9))
	assert.Equal(t, []string{"unbreaka", "ble"}, Wrap("unbreakable", 8))
	assert.Equal(t, "unbre..", Cut("unbreakable", 7))
}

func TestNamesFromOutsideAreEscapedAndBounded(t *testing.T) {
	long := strings.Repeat("A", 4<<20)
	events := []record.Event{
		{Kind: record.Sent, Peer: 0, Other: 1, Method: "Raft." + long},
		{Kind: record.Sent, Peer: 0, Other: 1, Method: "Raft.\x1b[2J\u202e"},
		{Kind: record.Note, Peer: record.None, Other: record.None, Text: "note \x1b[31m" + long},
		{Kind: record.Apply, Peer: 1, Other: record.None, Index: 1, Text: long, Detail: long},
	}
	began := time.Now()
	var b strings.Builder
	require.NoError(t, Print(&b, events, Options{Width: 80}))
	b.WriteString(strings.Join(Tail(events, deduce.Subject{}, 10, 80), "\n"))
	assert.Less(t, time.Since(began), 3*time.Second)
	assert.NotRegexp(t, "[\x1b\u202e]", b.String())
	assert.Less(t, b.Len(), 1<<20)
}

// With the square of the length nobody would wait for this.
func TestWrapTakesTimeInProportion(t *testing.T) {
	assert.Len(t, Wrap(strings.Repeat("ab ", 1<<20), 2), 1<<20+1)
}

// call is a request with its answer, in the four events that a trace has of it.
func exchange(at time.Duration, from, to int, n uint64, method, args, reply string) []record.Event {
	var events []record.Event
	for i, k := range []record.Kind{record.Sent, record.Delivered, record.Handled, record.Replied} {
		e := record.Event{Time: at + time.Duration(i)*ms, Kind: k, Peer: from, Other: to, N: n, Method: method, Detail: args}
		if i > 1 {
			e.Detail = reply
		}
		events = append(events, e)
	}
	return events
}

// overwritten is a run in which peer 1 applies an entry that peer 2 has overwritten, among many
// votes and heartbeats.
func overwritten() []record.Event {
	const entry = "{Term:%d LeaderId:0 PrevLogIndex:3 PrevLogTerm:1 Entries:[{Term:%d Command:%d}] LeaderCommit:%d}"
	var events []record.Event
	events = append(events, exchange(100*ms, 0, 1, 1, "Raft.AppendEntries", fmt.Sprintf(entry, 1, 1, 71, 4), "{Term:1 Success:true}")...)
	events = append(events, record.Event{Time: 110 * ms, Kind: record.Apply, Peer: 1, Other: record.None, Index: 4, Text: "71"})
	events = append(events, exchange(120*ms, 0, 2, 1, "Raft.AppendEntries", fmt.Sprintf(entry, 1, 1, 71, 0), "{Term:1 Success:true}")...)
	for i := range 300 {
		at := time.Duration(200+i) * ms
		events = append(events, exchange(at, 0, 1, uint64(i+2), "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:4 PrevLogTerm:1 Entries:[] LeaderCommit:4}", "{Term:1 Success:true}")...)
		events = append(events, exchange(at, 3, 1, uint64(i+1), "Raft.RequestVote", "{Term:1 CandidateId:3 LastLogIndex:0 LastLogTerm:0}", "{Term:1 VoteGranted:false}")...)
	}
	events = append(events, exchange(900*ms, 3, 2, 1000, "Raft.AppendEntries", fmt.Sprintf(entry, 2, 2, 72, 4), "{Term:2 Success:true}")...)
	events = append(events, record.Event{Time: 910 * ms, Kind: record.Apply, Peer: 2, Other: record.None, Index: 4, Text: "72"})
	return events
}

// TestTailTellsTheEntry: the decisive apply is long ago, and stands in the excerpt all the same, as
// does the overwriting.
func TestTailTellsTheEntry(t *testing.T) {
	subject := deduce.SubjectOf("two commands at one index", "at index 4 peer 2 applies 72, but peer 1 applied 71 there", []int{2})
	text := strings.Join(Tail(overwritten(), subject, 9, 110), "\n")
	assert.Contains(t, text, "applies 4 of term 1 71")
	assert.Contains(t, text, "applies 4 of term 2 72")
	assert.Contains(t, text, "4 of term 1 overwritten 71")
}

// TestTailTellsRefusals: where something does not happen, it shows who refuses, with the answer
// before all else; and the accused has a column although it did nothing.
func TestTailTellsRefusals(t *testing.T) {
	subject := deduce.SubjectOf("no leader elected", "nobody leads", []int{7, 4})
	events := append([]record.Event{{Kind: record.Start, Peer: 4, Other: record.None}}, overwritten()...)
	lines := Tail(events, subject, 6, 60)
	assert.Contains(t, lines[0], "peer 4")
	assert.NotContains(t, lines[0], "7", "nobody is called that")
	assert.Contains(t, strings.Join(lines, "\n"), "<- 3 RV refused")
}

// TestTailTellsWhatIsDenied: a peer that nobody accuses gives a vote that its log forbids. What made
// it so stands in the excerpt, long before, and so does the crash in which it was forgotten.
func TestTailTellsWhatIsDenied(t *testing.T) {
	var events []record.Event
	for p := range 3 {
		events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	const vote, granted = "{Term:%d CandidateId:%d LastLogIndex:0 LastLogTerm:0}", "{Term:%d VoteGranted:true}"
	const entry = "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[%s] LeaderCommit:0}"
	add := func(at time.Duration, from int, n uint64, method, args, reply string) {
		events = append(events, exchange(at, from, 2, n, method, args, reply)...)
	}
	add(100*ms, 0, 1, "Raft.RequestVote", fmt.Sprintf(vote, 1, 0), fmt.Sprintf(granted, 1))
	add(200*ms, 0, 2, "Raft.AppendEntries", fmt.Sprintf(entry, "{Term:1 Command:5}"), "{Term:1 Success:true}")
	for n := range uint64(20) {
		add(time.Duration(300+10*n)*ms, 0, 3+n, "Raft.AppendEntries", fmt.Sprintf(entry, ""), "{Term:1 Success:true}")
	}
	events = append(events, record.Event{Time: 600 * ms, Kind: record.CrashPeer, Peer: 2, Other: record.None},
		record.Event{Time: 700 * ms, Kind: record.Restart, Peer: 2, Other: record.None})
	add(900*ms, 1, 1, "Raft.RequestVote", fmt.Sprintf(vote, 2, 1), fmt.Sprintf(granted, 2))
	text := strings.Join(Tail(events, deduce.SubjectOf("committed entry lost", "peer 1 leads", []int{1}), 8, 110), "\n")
	assert.Contains(t, text, "peer 2 grants its vote to 1, whose log ends at 0, but its own at 1 (term 1)")
	assert.Regexp(t, `0\.2010 .*<- 0 AE: success, t1, entr`, text, "where it took the entry")
	assert.Contains(t, text, "CRASH")

	// A contradiction is told to its end on a narrow terminal, too, and takes the place of something else.
	lines := Tail(events, deduce.SubjectOf("committed entry lost", "peer 1 leads", []int{1}), 8, 60)
	assert.LessOrEqual(t, len(lines), 9)
	assert.Contains(t, strings.Join(strings.Fields(strings.ReplaceAll(strings.Join(lines, " "), "|", "")), " "),
		"peer 2 grants its vote to 1, whose log ends at 0, but its own at 1 (term 1)")
}

func TestSelections(t *testing.T) {
	events := overwritten()
	print := func(s Selection) []string {
		var out strings.Builder
		require.NoError(t, Print(&out, events, Options{Unwrapped: true, Choice: s}))
		return strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
	}
	assert.Greater(t, len(print(Selection{})), 1000)
	assert.Len(t, print(Selection{Classes: []string{"applies"}}), 2)
	assert.Len(t, print(Selection{Grep: regexp.MustCompile("Command:72")}), 2, "sent and delivered")
	life := strings.Join(print(Selection{Index: 4}), "\n")
	assert.Contains(t, life, "4 of term 1 overwritten 71")
	assert.NotContains(t, life, "RequestVote")
	brief := print(Selection{Brief: true})
	leaders := func(lines []string) (all []string) {
		for _, l := range lines {
			if strings.Contains(l, "leads") {
				all = append(all, strings.TrimSpace(l))
			}
		}
		return all
	}
	assert.Len(t, leaders(brief), 2, "nobody was asked, but their messages tell: %q", leaders(brief))
	events = append(events, record.Event{Time: time.Second, Kind: record.State, Peer: 3, Other: record.None, Term: 2, Leader: true})
	assert.Len(t, leaders(print(Selection{Brief: true})), 2, "one has been asked, which is told: %q", leaders(brief))
	assert.Len(t, leaders(print(Selection{Brief: true, Grep: regexp.MustCompile("term 1")})), 1)
	assert.Len(t, slices.DeleteFunc(brief, func(l string) bool { return !strings.Contains(l, "AppendEntries") }), 0)
}

// TestBriefWithoutPeers: where there are servers and clients only, brief tells what clients do, and what
// is lost of it.
func TestBriefWithoutPeers(t *testing.T) {
	const client = record.FirstClient
	events := []record.Event{{Kind: record.Start, Other: record.None}, {Time: ms, Kind: record.Invoke, Peer: client, Other: record.None, Method: "put", Text: `"x" "1" v0`}}
	for n := range uint64(3) {
		at := time.Duration(n+2) * ms
		events = append(events, record.Event{Time: at, Kind: record.Sent, Peer: client, N: n + 1, Method: "KVServer.Put"},
			record.Event{Time: at, Kind: record.Dropped, Peer: client, N: n + 1, Method: "KVServer.Put", Text: "link cut"})
	}
	events = append(events, exchange(9*ms, client, 0, 4, "KVServer.Put", "{}", `{Err:"OK"}`)...)
	events = append(events, record.Event{Time: 12 * ms, Kind: record.Return, Peer: client, Other: record.None, Method: "put", Text: "OK"})
	print := func() string {
		var out strings.Builder
		require.NoError(t, Print(&out, events, Options{Unwrapped: true, Choice: Selection{Brief: true}}))
		return out.String()
	}
	text := print()
	assert.Contains(t, text, `put "x" "1" v0 ...`)
	assert.Contains(t, text, "-> 0 lost Put (link cut) (x3)")
	assert.Equal(t, 1, strings.Count(text, "lost"))
	assert.Contains(t, text, "... put: OK")
	assert.NotContains(t, text, "<- c0", "a message that arrives is nothing")
	events = append(events, record.Event{Time: 13 * ms, Kind: record.Apply, Other: record.None, Index: 1})
	assert.NotContains(t, print(), "put", "there are peers, whose story is told instead")
}

// TestNoRoomForColumns: on a terminal where columns would be wider than the screen no line is, and each
// event begins with its peer; there is room enough for three.
func TestNoRoomForColumns(t *testing.T) {
	for peers := 1; peers <= 12; peers++ {
		var events []record.Event
		for p := range peers {
			events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None, Text: "group 1"})
			events = append(events, exchange(time.Duration(p+1)*ms, p, (p+1)%peers, 1, "Raft.AppendEntries", "{Term:1 "+strings.Repeat("Entry:{} ", 20)+"}", "{Term:1}")...)
		}
		events = append(events, record.Event{Time: time.Second, Kind: record.Note, Peer: record.None, Other: record.None, Text: strings.Repeat("it says a lot ", 12)})
		var out strings.Builder
		require.NoError(t, Print(&out, events, Options{Width: 80}))
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		}
		columns := strings.Contains(out.String(), "| peer 0")
		assert.Equal(t, peers <= 3, columns, "%d peers", peers)
		if !columns {
			assert.Contains(t, out.String(), "   seconds | peer or client\n")
			assert.Contains(t, out.String(), fmt.Sprintf(" | %-4dSTART (group 1)\n", peers-1))
			assert.Contains(t, out.String(), " | --  it says a lot")
		}
	}
}

// TestBriefWithoutOperations: in a run with a scenario there is a note for each operation, played or
// left out. They would hide the faults.
func TestBriefWithoutOperations(t *testing.T) {
	note := func(peer int, text string) record.Event {
		return record.Event{Kind: record.Note, Peer: peer, Other: record.None, Text: text}
	}
	events := []record.Event{{Kind: record.Start, Other: record.None}, note(record.FirstClient, "operation"), note(record.None, "left out: operation"),
		note(record.None, "left out: peer 2 crashes")}
	for _, brief := range []bool{true, false} {
		var out strings.Builder
		require.NoError(t, Print(&out, events, Options{Unwrapped: true, Choice: Selection{Brief: brief}}))
		assert.Equal(t, !brief, strings.Contains(out.String(), "operation"), out.String())
		assert.Contains(t, out.String(), "left out: peer 2 crashes")
	}
}

// TestRequestsOfAKey: requests with a key in their arguments belong to it, and so do the operations
// of clients.
func TestRequestsOfAKey(t *testing.T) {
	events := exchange(0, record.FirstClient, 0, 1, "KV.Get", `{Key:"x"}`, `{Value:"1"}`)
	events = append(events, exchange(9*ms, record.FirstClient, 0, 2, "KV.Get", `{Key:"y"}`, `{Value:"1"}`)...)
	events = append(events, record.Event{Time: 20 * ms, Kind: record.Invoke, Peer: record.FirstClient, Other: record.None, Method: "get", Text: `"x"`})
	var out strings.Builder
	require.NoError(t, Print(&out, events, Options{Choice: Selection{Key: "x", HasKey: true, Client: record.FirstClient}}))
	assert.Equal(t, 4, strings.Count(out.String(), "\n"), out.String())
}

// A gist is of the most telling events of its time.
func TestGist(t *testing.T) {
	const ms = time.Millisecond
	events := []record.Event{{Time: 1 * ms, Kind: record.Start, Peer: 0, Other: record.None}}
	events = append(events, exchange(2*ms, 0, 1, 1, "Raft.RequestVote", "{Term:1 CandidateId:0 LastLogIndex:0 LastLogTerm:0}", "{Term:1 VoteGranted:true}")...)
	events = append(events, record.Event{Time: 20 * ms, Kind: record.State, Peer: 0, Other: record.None, Term: 1, Leader: true},
		record.Event{Time: 30 * ms, Kind: record.CrashPeer, Peer: 0, Other: record.None},
		record.Event{Time: 31 * ms, Kind: record.CrashPeer, Peer: 2, Other: record.None})
	gist := func(from, to time.Duration) string { return Gist(events, Moments(events), from, to) }
	require.Contains(t, gist(0, 10*ms), "RequestVote")
	require.Equal(t, "0: leads term 1", gist(0, 30*ms))
	require.Equal(t, "0: CRASH, and 1 more", gist(0, time.Second))
	require.Empty(t, gist(40*ms, time.Second))
}

// A timeline in which nothing stands says so, and what there is.
func TestNothingIsSaid(t *testing.T) {
	const ms = time.Millisecond
	events := exchange(2*ms, record.FirstClient+3, 0, 1, "KV.Get", `{Key:"x"}`, `{Value:"1"}`)
	events = append(events, record.Event{Time: 20 * ms, Kind: record.Invoke, Peer: record.FirstClient + 3, Other: record.None, Method: "get", Text: `"x"`},
		record.Event{Time: 30 * ms, Kind: record.Violation, Peer: record.None, Other: record.None, Text: "broken"})
	said := func(o Options) string {
		var out strings.Builder
		require.NoError(t, Print(&out, events, o))
		return out.String()
	}
	require.NotContains(t, said(Options{Choice: Selection{Key: "x", HasKey: true}}), "nothing")
	require.Contains(t, said(Options{Choice: Selection{Key: "y", HasKey: true}}), `nothing that was asked for happens in this run; there are "x"`)
	require.Contains(t, said(Options{Choice: Selection{Client: record.FirstClient}}), "there are c3")
	require.Contains(t, said(Options{Choice: Selection{Index: 4}}), "the last index of a log is 0")
	require.Contains(t, said(Options{From: time.Second, To: 2 * time.Second}), "the run lasts from 0.0020 to 0.0300 s")
}

// TestTailTellsVotesAndWrites: a vote that should not have been given is there although its term is
// not named, and so are both entries of a write that was done twice.
func TestTailTellsVotesAndWrites(t *testing.T) {
	events := overwritten()
	events = append(events, exchange(950*ms, 3, 1, 1001, "Raft.RequestVote", "{Term:7 CandidateId:3 LastLogIndex:9 LastLogTerm:1}", "{Term:7 VoteGranted:true}")...)
	subject := deduce.SubjectOf("committed entry lost", "peer 3 was elected with the vote of peer 1, although its last entries are old", nil)
	assert.Contains(t, strings.Join(Tail(events, subject, 6, 100), "\n"), "<- 3 RV granted, t7")

	const entry = `{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[{Term:1 Command:{Key:"a" Value:"[20]" Seq:%d}}] LeaderCommit:4}`
	events = events[:0]
	for i := range 2 {
		at := time.Duration(100+100*i) * ms
		events = append(events, exchange(at, record.FirstClient, 0, uint64(i+1), "KV.Append", `{Key:"a" Value:"[20]"}`, "{Err:OK}")...)
		events = append(events, exchange(at, 0, 1, uint64(i+1), "Raft.AppendEntries", fmt.Sprintf(entry, 6+i, i), "{Term:1 Success:true}")...)
	}
	subject = deduce.SubjectOf("not linearizable", `get "a" -> "[20][20]" (client 3, 0.7034 to 0.7425 s) has [20] twice: append "a" "[20]" -> OK (client 0)`, nil)
	text := strings.Join(Tail(events, subject, 6, 100), "\n")
	assert.Contains(t, text, "logs [20] at 7 of term 1")
	assert.Contains(t, text, "logs [20] at 8 of term 1")
}

// TestStepsDown: a leader that is none any more says so, but not one that begins anew after a crash.
func TestStepsDown(t *testing.T) {
	state := func(at time.Duration, term int, leads bool) record.Event {
		return record.Event{Time: at, Kind: record.State, Peer: 0, Other: record.None, Term: term, Leader: leads}
	}
	events := []record.Event{
		state(100*ms, 1, true), state(200*ms, 2, false), state(300*ms, 3, false), state(400*ms, 4, true),
		{Time: 500 * ms, Kind: record.CrashPeer, Peer: 0, Other: record.None},
		{Time: 600 * ms, Kind: record.Restart, Peer: 0, Other: record.None},
		state(700*ms, 4, false),
	}
	var text strings.Builder
	require.NoError(t, Print(&text, events, Options{}))
	assert.Equal(t, 1, strings.Count(text.String(), "steps down"))
	assert.Contains(t, text.String(), "0.2000 | steps down, term 2")
}
