// Package timeline prints the events of a run for people: time runs downwards, each peer has a
// column, and what concerns the network or the case as a whole goes across all of them.
//
//	seconds | peer 0                | peer 1           | peer 2
//	 0.2310 | -> 1 RequestVote      |                  |
//	 0.2314 |                       | <- 0 RequestVote |
//	 0.2320 | <- 1 reply RequestVote|                  |
//	 0.2320 | leads term 1          |                  |
//	 1.0000 | -- network {0 1} {2}
//	 1.0310 | -> 2 lost AppendEntries (link cut)
//
// An event becomes a [row] (row.go), links that change become a picture of the network
// (network.go). [Print] prints the rows of a whole run or a part of it, [Tail] chooses the few at
// the end of a failed run that are worth reading first (tail.go), [List] is for pages that quote a
// run (list.go); [Read] reads the events from a trace file (read.go). The package knows events and
// nothing of how they came about.
package timeline

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"raftlab/internal/record"
)

// Options chooses what is printed, and how wide.
type Options struct {
	// Peers are the columns; nil means every peer that occurs. Events of other peers are left out.
	Peers []int
	// From and To bound the virtual time, both inclusive. To of zero means to the end.
	From, To time.Duration
	// Width is the width of a line in characters. Columns never get narrower than 16: where there is no
	// room for as many as there are peers, each event begins with its peer. 0 means 110, and lines are
	// longer then.
	Width int
	// Unwrapped puts each event on one line, however long that gets.
	Unwrapped bool
	// Choice says which events are printed.
	Choice Selection
}

const (
	defaultWidth = 110
	timeWidth    = 10
	minColumn    = 16 // where text can go on in the next line
	minTail      = 9  // where it cannot, but lines must not get longer
	separator    = " | "
)

// Print writes the events, a line or a few for each, under a header with the peers. Where none is
// chosen it says so.
func Print(w io.Writer, events []record.Event, o Options) error {
	rows := o.Choice.rows(events)
	columns := o.Peers
	if columns == nil {
		columns = peersOf(rows)
	}
	g := newGrid(columns, o.Width, minColumn)
	g.groups = groupsOf(events)
	g.single = !o.Unwrapped && o.Width > 0 && g.total > o.Width
	if _, err := io.WriteString(w, g.header()+"\n"); err != nil {
		return err
	}
	empty := true
	for _, r := range rows {
		if r.time < o.From || o.To > 0 && r.time > o.To || !r.concerns(columns) {
			continue
		}
		empty = empty && r.kind == record.Violation
		for _, line := range g.printed(r, o) {
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				return err
			}
		}
	}
	if empty {
		_, err := io.WriteString(w, nothing(events, o)+"\n")
		return err
	}
	return nil
}

// printed renders a row as the options ask for.
func (g grid) printed(r row, o Options) []string {
	if o.Choice.Brief {
		r.detail, r.text, r.brief = "", r.short(), ""
	}
	if g.single {
		return g.listed(r, o.Width)
	}
	if !o.Unwrapped {
		return g.wrapped(r)
	}
	if !g.inColumn(r) {
		return []string{clock(r.time) + separator + "-- " + r.text}
	}
	return []string{g.place(clock(r.time), g.column[r.peer], r.full())}
}

// grid lays rows out in columns.
type grid struct {
	column map[int]int // peer -> position
	peers  []int
	groups map[int]string // peer -> "controller" or "group 1", where servers are in groups
	width  int            // of one column
	total  int            // of a line
	single bool           // there is no room for columns: one for all, in which events begin with their peers
}

func newGrid(peers []int, width, least int) grid {
	if width <= 0 {
		width = defaultWidth
	}
	g := grid{column: map[int]int{}, peers: peers, total: width}
	for i, p := range peers {
		g.column[p] = i
	}
	n := max(len(peers), 1)
	g.width = max((width-timeWidth)/n-len(separator), least)
	g.total = max(width, timeWidth+n*(g.width+len(separator)))
	return g
}

func (g grid) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%*s", timeWidth, "seconds")
	if g.single {
		return b.String() + separator + "peer or client"
	}
	for i, name := range g.names() {
		if i < len(g.peers)-1 {
			name = pad(name, g.width)
		}
		b.WriteString(separator + name)
	}
	return b.String()
}

// names are what stands above the columns: as much of "peer 3, group 1" as there is room for.
func (g grid) names() []string {
	names := make([]string, len(g.peers))
	for i, p := range g.peers {
		names[i] = fmt.Sprintf("peer %d", p)
		if p >= record.FirstClient {
			names[i] = fmt.Sprintf("client %d", p-record.FirstClient)
		}
	}
	long, fit := slices.Clone(names), true
	for i, p := range g.peers {
		if group := g.groups[p]; group != "" {
			if long[i] += ", " + group; len(long[i]) > g.width {
				fit = false
			}
			if short := fmt.Sprintf("%d, %s", p, group); len(short) <= g.width {
				names[i] = short
			}
		}
	}
	if fit {
		return long
	}
	return names
}

// groupsOf are the groups that servers said they belong to when they started.
func groupsOf(events []record.Event) map[int]string {
	groups := map[int]string{}
	for _, e := range events {
		if e.Kind == record.Start && e.Text != "" {
			groups[e.Peer] = e.Text
		}
	}
	return groups
}

// line renders a row on one line, shortening what does not fit: first the words, then the end.
func (g grid) line(r row) string {
	if !g.inColumn(r) {
		return clock(r.time) + separator + Cut("-- "+r.text, g.total-timeWidth-len(separator))
	}
	text := r.short()
	if utf8.RuneCountInString(text) > g.width {
		text = abbreviations.Replace(text)
	}
	return g.place(clock(r.time), g.column[r.peer], Cut(text, g.width))
}

// mostParts is how many lines an event gets at most where its column is narrow.
const mostParts = 3

// broken is line, but what does not fit goes on in further lines of the column.
func (g grid) broken(r row) (lines []string) {
	text := abbreviations.Replace(r.short())
	if !g.inColumn(r) || utf8.RuneCountInString(text) <= g.width {
		return []string{g.line(r)}
	}
	parts := Wrap(text, g.width)
	if len(parts) > mostParts {
		parts = append(parts[:mostParts-1], Cut(strings.Join(parts[mostParts-1:], " "), g.width))
	}
	stamp := clock(r.time)
	for _, part := range parts {
		lines = append(lines, g.place(stamp, g.column[r.peer], part))
		stamp = strings.Repeat(" ", timeWidth)
	}
	return lines
}

// abbreviations leave more room for what decides.
var abbreviations = strings.NewReplacer("AppendEntries", "AE", "RequestVote", "RV", "InstallSnapshot", "IS", "reply ", "",
	"{Key:", "{", " Value:", " ", " Version:", " v", "{Err:", "{", ": refused", " refused", ": granted", " granted", "term ", "t", "entries ", "", "overwritten", "overwr.",
	" (request lost)", " request", " (reply lost)", " reply", " (link cut)", ", cut")

// wrapped renders a row on as many lines as its text needs.
func (g grid) wrapped(r row) []string {
	stamp := clock(r.time)
	var lines []string
	if !g.inColumn(r) {
		for i, part := range Wrap(r.text, g.total-timeWidth-len(separator)-3) {
			lead := "-- "
			if i > 0 {
				stamp, lead = strings.Repeat(" ", timeWidth), "   "
			}
			lines = append(lines, stamp+separator+lead+part)
		}
		return lines
	}
	for i, part := range Wrap(r.full(), g.width) {
		if i > 0 {
			stamp = strings.Repeat(" ", timeWidth)
		}
		lines = append(lines, g.place(stamp, g.column[r.peer], part))
	}
	return lines
}

// listed renders a row where there is no room for columns.
func (g grid) listed(r row, width int) (lines []string) {
	const names = 4 // of a peer, or c12
	stamp, lead, text := clock(r.time), "--", r.text
	if g.inColumn(r) {
		lead, text = record.PeerName(r.peer), r.full()
	}
	for _, part := range Wrap(text, width-timeWidth-len(separator)-names) {
		lines = append(lines, stamp+separator+pad(lead, names)+part)
		stamp, lead = strings.Repeat(" ", timeWidth), ""
	}
	return lines
}

func (g grid) inColumn(r row) bool {
	_, ok := g.column[r.peer]
	return ok
}

// place puts text into a column, with empty columns before it and nothing after.
func (g grid) place(stamp string, column int, text string) string {
	var b strings.Builder
	b.WriteString(stamp)
	for range column {
		b.WriteString(separator + strings.Repeat(" ", g.width))
	}
	b.WriteString(separator + text)
	return b.String()
}

// clock is the virtual time in seconds, to a tenth of a millisecond: a message takes a few of them.
func clock(t time.Duration) string { return fmt.Sprintf("%*.4f", timeWidth, t.Seconds()) }

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// Cut shortens s to width characters.
func Cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(width-2, 0)]) + ".."
}

// Wrap breaks s into lines of at most width characters, at spaces where there are some.
func Wrap(s string, width int) []string {
	width = max(width, 1)
	var lines []string
	runes := []rune(s)
	for len(runes) > width {
		at := width
		if i := lastSpace(runes[:width+1]); i > width/2 {
			at = i
		}
		lines = append(lines, strings.TrimRight(string(runes[:at]), " "))
		for runes = runes[at:]; len(runes) > 0 && runes[0] == ' '; {
			runes = runes[1:]
		}
	}
	return append(lines, string(runes))
}

func lastSpace(runes []rune) int {
	for i := len(runes) - 1; i >= 0; i-- {
		if runes[i] == ' ' {
			return i
		}
	}
	return -1
}

// Peers returns the peers and clients that occur in events, in order.
func Peers(events []record.Event) []int { return peersOf(rowsOf(events)) }

// peersOf returns the peers that occur in rows, in order.
func peersOf(rows []row) []int {
	var peers []int
	for _, r := range rows {
		for _, p := range []int{r.peer, r.other} {
			if p >= 0 && !slices.Contains(peers, p) {
				peers = append(peers, p)
			}
		}
	}
	slices.Sort(peers)
	return peers
}
