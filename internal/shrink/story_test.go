package shrink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// A story tells who was cut off in words, and when some of those meet again, which ends no cut and
// may be what decides.
func TestStoryTellsWhoMeetsAgain(t *testing.T) {
	var events []record.Event
	at := func(ms int, kind record.Kind, detail string, links ...[2]int) {
		for _, l := range links {
			events = append(events, record.Event{Time: time.Duration(ms) * time.Millisecond, Kind: kind, Peer: l[0], Other: l[1], Detail: detail})
		}
	}
	for p := range 3 {
		events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	all := [][2]int{{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}}
	at(100, record.Cut, "partition 1", all...)
	at(300, record.Heal, "", all[:2]...)
	at(400, record.Heal, "", all[2:]...)
	at(500, record.Cut, "cut 1", all[:3]...)
	r := &Result{Things: Things(events), Events: events}
	r.Last = sim.Result{Verdict: record.Verdict{Outcome: record.Fail, Rule: "two leaders", Time: time.Second, Message: "peers 0 and 1"}}
	require.Equal(t, []string{
		"    0.100 s  peers 0, 1 and 2 are cut off, until 0.400 s",
		"    0.300 s  (network {0 1} {2})",
		"    0.500 s  links are cut: 0<->1, 0->2",
		"    1.000 s  two leaders: peers 0 and 1",
	}, r.Story())
}
