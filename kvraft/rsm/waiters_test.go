package rsm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// waiting makes a waiter at an index of a term; index 0: not placed yet.
func waiting(ws *waiters[string], id uint64, index, term int) *waiter[string] {
	w := &waiter[string]{id: id, client: Client(id), seq: 1, answer: make(chan outcome[string], 1)}
	ws.add(w)
	if index > 0 {
		ws.place(w, index, term, 0)
	}
	return w
}

func requireAnswer(t *testing.T, w *waiter[string], out outcome[string]) {
	t.Helper()
	select {
	case got := <-w.answer:
		require.Equal(t, out, got)
	default:
		require.Fail(t, "no answer")
	}
}

func requireNone(t *testing.T, w *waiter[string]) {
	t.Helper()
	require.Empty(t, w.answer, "answered")
}

func TestAWaiterGetsTheOutcomeOfItsOwnCommand(t *testing.T) {
	ws := newWaiters[string]()
	a, b, early := waiting(ws, 1, 5, 1), waiting(ws, 2, 6, 1), waiting(ws, 3, 0, 0)
	ws.applied(3, outcome[string]{index: 4, result: "early"}) // before Start has returned
	requireAnswer(t, early, outcome[string]{index: 4, result: "early"})
	ws.place(early, 4, 1, 4)

	ws.applied(1, outcome[string]{index: 5, result: "a"})
	requireAnswer(t, a, outcome[string]{index: 5, result: "a"})
	requireNone(t, b)

	ws.applied(99, outcome[string]{index: 6, result: "another's"})
	requireAnswer(t, b, outcome[string]{err: ErrNotLeader})
	require.Empty(t, ws.byID)
	require.Empty(t, ws.byIndex)
}

func TestAnEntryWithoutCommandReplacesToo(t *testing.T) {
	ws := newWaiters[string]()
	w := waiting(ws, 1, 5, 1)
	ws.replaced(4)
	requireNone(t, w)
	ws.replaced(5)
	requireAnswer(t, w, outcome[string]{err: ErrNotLeader})
}

func TestAPlaceThatIsTaken(t *testing.T) {
	ws := newWaiters[string]()
	late := waiting(ws, 1, 0, 0)
	ws.place(late, 5, 1, 5) // something else was applied at 5 meanwhile
	requireAnswer(t, late, outcome[string]{err: ErrUnknown})

	old, now := waiting(ws, 2, 7, 1), waiting(ws, 3, 7, 3)
	requireAnswer(t, old, outcome[string]{err: ErrUnknown})
	ws.applied(3, outcome[string]{index: 7, result: "now"})
	requireAnswer(t, now, outcome[string]{index: 7, result: "now"})
}

func TestLostLeadershipAnswersThoseOfItsTerm(t *testing.T) {
	ws := newWaiters[string]()
	old, current, unplaced := waiting(ws, 1, 5, 1), waiting(ws, 2, 6, 2), waiting(ws, 3, 0, 0)
	horizon := ws.placed
	newcomer := waiting(ws, 4, 7, 2)

	ws.leadership(2, true, horizon)
	requireAnswer(t, old, outcome[string]{err: ErrUnknown})
	requireNone(t, current)

	ws.leadership(2, false, horizon)
	requireAnswer(t, current, outcome[string]{err: ErrUnknown})
	requireNone(t, newcomer) // its leadership may have begun after the question
	requireNone(t, unplaced)

	ws.endAll(ErrUnknown)
	requireAnswer(t, newcomer, outcome[string]{err: ErrUnknown})
	requireAnswer(t, unplaced, outcome[string]{err: ErrUnknown})
}

func TestASnapshotAnswersForTheEntriesInIt(t *testing.T) {
	ws := newWaiters[string]()
	known, unknown, later := waiting(ws, 1, 5, 1), waiting(ws, 2, 6, 1), waiting(ws, 3, 8, 1)
	ws.restored(7, func(c Client, seq uint64) (string, bool) { return "known", c == 1 && seq == 1 })
	requireAnswer(t, known, outcome[string]{index: 7, result: "known"})
	requireAnswer(t, unknown, outcome[string]{index: 7, err: ErrUnknown})
	requireNone(t, later)
}

func TestReadersWaitForTheirIndex(t *testing.T) {
	var r readers
	open := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	require.True(t, open(r.wait(3, 3)))
	five, alsoFive, nine := r.wait(5, 3), r.wait(5, 3), r.wait(9, 3)
	r.applied(4)
	require.False(t, open(five))
	r.applied(7) // a snapshot
	require.True(t, open(five))
	require.True(t, open(alsoFive))
	require.False(t, open(nine))
	require.Len(t, r.at, 1)
}
