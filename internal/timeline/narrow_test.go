package timeline

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
)

// What a client asked for is told to its end on a narrow screen, too, in the lines below.
func TestTailOnANarrowScreen(t *testing.T) {
	var events []record.Event
	for i := range 3 {
		client, at := record.FirstClient+i, time.Duration(10*i)*ms
		events = append(events, record.Event{Time: at, Kind: record.Invoke, Peer: client, Other: record.None, Method: "put", Text: `"a" "value" v0`})
		events = append(events, exchange(at+ms, client, 0, 1, "KV.Put", `{Key:"a" Value:"value" Version:0}`, "{Err:OK}")...)
		events = append(events, record.Event{Time: at + 9*ms, Kind: record.Return, Peer: client, Other: record.None, Text: "OK"})
	}
	subject := deduce.SubjectOf("not linearizable", `key "a": put "a" "value" -> OK (client 0, 0.0000 to 0.0090 s) and put "a" "value" -> OK (client 1, 0.0100 to 0.0190 s)`, nil)
	for _, width := range []int{60, 80} {
		lines := Tail(events, subject, 9, width)
		text := strings.Join(lines, "\n")
		assert.Contains(t, text, "<- c0 Put")
		assert.Equal(t, 2, strings.Count(text, "v0}"), "at %d columns", width)
		assert.NotContains(t, text, "since ..")
		for _, l := range lines {
			assert.LessOrEqual(t, len([]rune(l)), width)
		}
	}
	lost := record.Event{Time: 50 * ms, Kind: record.Dropped, Peer: 1, Other: 0, Method: "Raft.AppendEntries", N: 7, Text: "reply lost"}
	assert.Equal(t, "-> 0 lost AE reply", strings.TrimSpace(strings.Split(newGrid([]int{1, 2, 3}, 75, minTail).line(rowOf(lost)), "|")[1]))
}
