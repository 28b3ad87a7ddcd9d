package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

// The end of a run says who is who, also where that was said at its beginning.
func TestTailKeepsTheCast(t *testing.T) {
	e := newEvents()
	add := func(ev record.Event) { e.add(ev.AppendJSON(nil)) }
	add(record.Event{Kind: record.Start, Peer: 0, Text: "controller"})
	add(record.Event{Kind: record.Start, Peer: 1}) // says nothing
	add(record.Event{Kind: record.Note, Text: `"k":"start"`})
	for i := range 3 * keptEvents {
		add(record.Event{Time: time.Duration(i + 1), Kind: record.Note})
	}
	list := e.tail()
	assert.Len(t, list, keptEvents+1)
	assert.Equal(t, record.Event{Kind: record.Start, Peer: 0, Text: "controller"}, list[0])
	assert.Equal(t, time.Duration(2*keptEvents+1), list[1].Time)
	assert.Equal(t, time.Duration(3*keptEvents), list[len(list)-1].Time)
}
