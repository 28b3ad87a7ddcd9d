// Package blocks notes which blocks of the code under test have run.
//
// The engine compiles that code with one call at the beginning of each block, which is a list of
// statements of which the first never runs without the others, if a build asks for it
// (sim.Build.Blocks). A run's verdict carries the answer. One that knows which instants it is asked
// about (record.Params.Instants) also tells what ran at each of them, and at how many instants of
// all each block did.
package blocks

import "time"

// most is how many blocks are told apart. Those beyond count as not run.
const most = 1 << 15

var (
	ran     [most]bool
	any     bool
	watched *watch
)

// watch is what is noted of instants.
type watch struct {
	now     func() time.Duration
	at      map[time.Duration]int // those that were asked for -> position in sets
	sets    [][]int
	current time.Duration
	count   int // of instants at which anything ran
	last    [most]int
	often   [most]int
}

// Watch notes from now on what runs at these instants.
func Watch(instants []time.Duration, now func() time.Duration) {
	w := &watch{now: now, at: map[time.Duration]int{}, sets: make([][]int, len(instants)), current: -1}
	for i, t := range instants {
		w.at[t] = i
	}
	watched = w
}

// Ran notes that a block runs. It is small enough to be inlined.
func Ran(n int) {
	if n < most {
		ran[n], any = true, true
		if watched != nil {
			watched.note(n)
		}
	}
}

func (w *watch) note(n int) {
	if now := w.now(); now != w.current {
		w.current = now
		w.count++
	}
	if w.last[n] == w.count {
		return
	}
	w.last[n] = w.count
	w.often[n]++
	if i, ok := w.at[w.current]; ok {
		w.sets[i] = append(w.sets[i], n)
	}
}

// Taken has a bit for each block, the first in the lowest bit of the first byte. It is nil if the
// build did not ask for that.
func Taken() []byte {
	if !any {
		return nil
	}
	bits := make([]byte, most/8)
	last := 0
	for n, r := range ran {
		if r {
			bits[n/8] |= 1 << (n % 8)
			last = n / 8
		}
	}
	return bits[:last+1]
}

// Watched returns how many instants there were, at how many of them each block ran, and which
// blocks did at each of those that [Watch] was asked for; nothing without it.
func Watched() (count int, often []int, sets [][]int) {
	if watched == nil {
		return 0, nil, nil
	}
	last := 0
	for n, k := range watched.often {
		if k > 0 {
			last = n + 1
		}
	}
	return watched.count, watched.often[:last], watched.sets
}
