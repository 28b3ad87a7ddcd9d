package trace

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRecorder(t *testing.T) {
	var none *Recorder
	require.False(t, none.See([]byte("x"), "seen"))
	r := &Recorder{}
	require.False(t, r.See([]byte("x"), "seen"), "it looks for nothing")
	r.Arm(3, []byte("needle"))
	require.False(t, r.See([]byte("hay"), "seen"))
	require.True(t, r.See([]byte("hay needle hay"), "seen in %d", 14))
	r.Note("a note")
	events := r.Events()
	require.Len(t, events, 2)
	require.Equal(t, "seen in 14", events[0].What)
	require.Equal(t, 3, events[1].Member)
	for range 2 * maxEvents {
		r.Note("more")
	}
	require.Len(t, r.Events(), maxEvents)
	r.Arm(3, nil)
	require.Empty(t, r.Events())
	require.False(t, r.See([]byte("needle"), "seen"))
}

func TestShow(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(1000 + ms)) }
	events := []Event{{at(2), 1, Applied}, {at(0), Client, "asks"}, {at(1), 0, Applied}}
	var b strings.Builder
	Show(&b, events)
	require.Equal(t, "     0.000 ms  client    asks\n     1.000 ms  member 0  applied\n     2.000 ms  member 1  applied\n", b.String())
	require.True(t, Everywhere(events, []int{0, 1}))
	require.False(t, Everywhere(events, []int{0, 1, 2}))
}
