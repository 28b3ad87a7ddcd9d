package trace

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

func TestRecorder(t *testing.T) {
	var none *Recorder
	require.False(t, none.See([]byte("x"), "seen"))
	r := &Recorder{}
	require.False(t, r.See([]byte("x"), "seen"), "it looks for nothing")
	r.Arm(3, []byte("needle"))
	require.False(t, r.See([]byte("hay"), "seen"))
	require.False(t, r.Message(record.Sent, []byte("hay"), 1, "M"))
	require.False(t, r.Applied([]byte("hay"), 7))
	require.True(t, r.See([]byte("hay needle hay"), "seen in %d", 14))
	require.True(t, r.Message(record.Sent, []byte("needle"), 1, "M"))
	require.True(t, r.Message(record.Replied, nil, 1, "M"))
	require.True(t, r.Applied([]byte("needle"), 7))
	events := r.Events()
	require.Len(t, events, 4)
	require.Equal(t, "seen in 14", events[0].What)
	require.Equal(t, "sends it to member 1: M, 6 bytes", events[1].What)
	require.Equal(t, 3, events[3].Member)
	for range 2 * maxEvents {
		r.See([]byte("needle"), "more")
	}
	require.Len(t, r.Events(), maxEvents)
	r.Arm(3, nil)
	require.Empty(t, r.Events())
	require.False(t, r.See([]byte("needle"), "seen"))
}

func at(ms int) time.Time { return time.UnixMilli(int64(1000 + ms)) }

func TestShow(t *testing.T) {
	events := []Event{{At: at(2), Member: 1, What: "applied", Kind: record.Apply}, Asked(at(0), 0), {At: at(1), What: "applied", Kind: record.Apply}}
	var b strings.Builder
	Show(&b, events)
	require.Equal(t, "     0.000 ms  client    asks member 0: put\n     1.000 ms  member 0  applied\n     2.000 ms  member 1  applied\n", b.String())
	require.True(t, Everywhere(events, []int{0, 1}))
	require.False(t, Everywhere(events, []int{0, 1, 2}))
}

// The four events of a call have its number, and are told from the caller's side; an answer to what
// nobody saw sent is left out.
func TestRun(t *testing.T) {
	message := func(ms, member int, kind record.Kind, other int) Event {
		return Event{At: at(ms), Member: member, Kind: kind, Other: other, Method: "M"}
	}
	run := Run([]Event{Asked(at(0), 0), message(1, 0, record.Sent, 1), message(2, 1, record.Delivered, 0), message(3, 0, record.Sent, 1),
		message(4, 1, record.Handled, 0), message(5, 0, record.Replied, 1), message(6, 1, record.Delivered, 0), message(7, 2, record.Delivered, 1),
		{At: at(8), Member: 1, Kind: record.Apply, Index: 9}, {At: at(9), Member: 1, What: "on disk"}, Answered(at(10))}, "k v")
	var text strings.Builder
	for _, e := range run {
		text.Write(append(e.AppendJSON(nil), '\n'))
	}
	require.Equal(t, `{"t":0,"k":"invoke","p":1000,"q":-1,"m":"put","s":"k v"}
{"t":1000000,"k":"sent","p":0,"q":1,"n":1,"m":"M"}
{"t":2000000,"k":"delivered","p":0,"q":1,"n":1,"m":"M"}
{"t":3000000,"k":"sent","p":0,"q":1,"n":2,"m":"M"}
{"t":4000000,"k":"handled","p":0,"q":1,"n":1,"m":"M"}
{"t":5000000,"k":"replied","p":0,"q":1,"n":1,"m":"M"}
{"t":6000000,"k":"delivered","p":0,"q":1,"n":2,"m":"M"}
{"t":8000000,"k":"apply","p":1,"q":-1,"i":9,"s":"k v"}
{"t":9000000,"k":"note","p":1,"q":-1,"s":"on disk"}
{"t":10000000,"k":"return","p":1000,"q":-1,"m":"put","s":"k v"}
`, text.String())
}
