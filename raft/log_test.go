package raft

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// logOf makes a log without a snapshot from the terms of its entries, as the paper draws them.
func logOf(terms ...int) entryLog {
	var l entryLog
	for i, term := range terms {
		l.append(LogEntry{Term: term, Command: fmt.Sprintf("command %d", i+1)})
	}
	return l
}

// termsOf is the inverse of logOf, for the entries behind the snapshot.
func termsOf(l entryLog) []int {
	terms := []int{}
	for _, e := range l.entries {
		terms = append(terms, e.Term)
	}
	return terms
}

func TestEmptyLog(t *testing.T) {
	var l entryLog
	require.Equal(t, 0, l.lastIndex())
	require.Equal(t, 0, l.lastTerm())
	require.True(t, l.has(0), "index 0 stands for the beginning, which all logs share")
	require.False(t, l.has(1))
	require.Empty(t, l.slice(1, 10))
	require.PanicsWithValue(t, "raft: log has no entry 1: it holds entries 1 to 0", func() { l.at(1) })
}

func TestCompactedLogKnowsTheTermOfItsBase(t *testing.T) {
	l := logOf(1, 1, 2, 2, 3)
	l.compactTo(3)
	require.Equal(t, []int{2, 3}, termsOf(l))
	require.Equal(t, 5, l.lastIndex())
	require.Equal(t, 2, l.term(3))
	require.True(t, l.has(3))
	require.False(t, l.has(2))
	require.Panics(t, func() { l.at(3) }, "the entry itself is gone")

	l.compactTo(5)
	require.Equal(t, 5, l.lastIndex())
	require.Equal(t, 3, l.lastTerm())
	l.append(LogEntry{Term: 4})
	require.Equal(t, 4, l.term(6))

	l.reset(100, 7)
	require.Equal(t, 100, l.lastIndex())
	require.Equal(t, 7, l.lastTerm())
	require.Empty(t, termsOf(l))
}

// What slice has handed out is read by RPCs without the mutex, so it must never change.
func TestSlicesSurviveTruncation(t *testing.T) {
	l := logOf(1, 1, 1, 1)
	before := l.slice(2, 10)
	l.truncateFrom(3)
	l.append(LogEntry{Term: 5}, LogEntry{Term: 5})
	require.Equal(t, []int{1, 1, 5, 5}, termsOf(l))
	require.Len(t, before, 3)
	for _, e := range before {
		require.Equal(t, 1, e.Term)
	}

	grown := append(before, LogEntry{Term: 9}) // nor may its holder reach into the log
	require.Len(t, grown, 4)
	require.Equal(t, []int{1, 1, 5, 5}, termsOf(l))
}

func TestSearchByTerm(t *testing.T) {
	l := logOf(1, 1, 3, 3, 3, 5)
	require.Equal(t, 3, l.firstOfTermAt(5))
	require.Equal(t, 1, l.firstOfTermAt(2))
	require.Equal(t, 6, l.firstOfTermAt(6))

	for _, c := range []struct {
		before, term, want int
		ok                 bool
	}{
		{6, 3, 5, true},
		{4, 3, 3, true},
		{3, 3, 0, false}, // none before 3
		{6, 4, 0, false},
		{6, 1, 2, true},
		{1, 1, 0, false},
	} {
		last, ok := l.lastOfTermBefore(c.before, c.term)
		require.Equal(t, c.ok, ok, c)
		if ok {
			require.Equal(t, c.want, last, c)
		}
	}

	l.compactTo(4) // the entry at 4 is gone, its term is not
	require.Equal(t, 5, l.firstOfTermAt(5), "4 is in the snapshot: the search ends before it")
	last, ok := l.lastOfTermBefore(5, 3)
	require.True(t, ok)
	require.Equal(t, 4, last)
	_, ok = l.lastOfTermBefore(5, 1)
	require.False(t, ok)
}

// §5.4.1: the later last term wins; with equal terms, the longer log.
func TestMoreUpToDate(t *testing.T) {
	for _, c := range []struct {
		log             entryLog
		lastIdx, lastTm int
		want            bool
	}{
		{logOf(), 0, 0, false},
		{logOf(1), 0, 0, true},
		{logOf(1, 1), 2, 1, false}, // equal is not more
		{logOf(1, 1), 1, 1, true},
		{logOf(1, 1), 3, 1, false},
		{logOf(1, 1, 1, 1), 2, 2, false}, // longer, but older
		{logOf(1, 3), 9, 2, true},        // shorter, but newer
	} {
		l := c.log
		require.Equal(t, c.want, l.moreUpToDateThan(c.lastIdx, c.lastTm), "%v against (%d, %d)", termsOf(l), c.lastIdx, c.lastTm)
	}
}

// A log is compared with a model that keeps every entry from index 1 on, through random histories.
func TestLogAgainstModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var l entryLog
		model := []LogEntry{{}} // model[i] has index i
		base, term := 0, 1
		for step := range 100 {
			switch r.IntN(5) {
			case 0, 1:
				e := LogEntry{Term: term, Command: step}
				l.append(e)
				model = append(model, e)
			case 2:
				term += r.IntN(2)
			case 3:
				if n := len(model) - 1 - base; n > 0 {
					from := base + 1 + r.IntN(n)
					l.truncateFrom(from)
					model = model[:from:from]
				}
			case 4:
				if n := len(model) - 1 - base; r.IntN(4) == 0 && n > 0 {
					base += 1 + r.IntN(n)
					l.compactTo(base)
				}
			}
			requireSameLog(t, model, base, &l)
		}
	}
}

func requireSameLog(t *testing.T, model []LogEntry, base int, l *entryLog) {
	t.Helper()
	require.Equal(t, len(model)-1, l.lastIndex())
	require.Equal(t, base, l.base)
	for i := base; i < len(model); i++ {
		require.Equal(t, model[i].Term, l.term(i))
		if i > base {
			require.Equal(t, model[i], l.at(i))
		}
	}
	require.Equal(t, len(model)-1-base, len(l.slice(base+1, 1<<30)))
}
