package raft

import (
	"slices"
	"time"
)

// progress is all that a leader knows of one server, during one term. Figure 2's "volatile state on
// leaders" is two of its fields; the others say what is on its way to the server and what has come
// back. The leader keeps one of itself as well, for counting: it has no calls on their way.
//
// It is plain data, guarded by Raft.mu, and made anew after each election. What changes it are the
// events of a follower's life, each a method that can be tested alone:
//
//	sent       a call begins              matched    the follower has stored entries, or has them already
//	returned   it is over, or lost        refused    the follower lacks what the call built on
//	answered   (contacts.go)
type progress struct {
	peer int
	term int
	wake chan struct{} // holds a token when there is something to send now (replication.go)

	//	matchIndex < nextIndex <= log.lastIndex()+1
	//
	// matchIndex never goes back, nextIndex never to or below it.
	nextIndex  int // index of the next entry to send
	matchIndex int // highest entry known to be stored there

	//	0 <= inFlight <= maxInFlight
	awaiting bool // the latest call has not been answered; new entries wait until it is
	inFlight int  // calls that have not returned
	carries  int  // number of the latest read that the latest call confirms (readindex.go)

	contact contact // contacts.go
	load    load    // load.go
	pipe    pipe    // pipeline.go
	news    news    // eager.go
}

// newProgress assumes that the server's log equals the leader's, which ends at lastIndex, and knows
// nothing of it.
func newProgress(peer, term, lastIndex int) *progress {
	return &progress{peer: peer, term: term, wake: make(chan struct{}, 1), nextIndex: lastIndex + 1}
}

// signal wakes the follower's replicator. It never blocks: a token that is there already will do.
func (f *progress) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// heeded takes the token back. The replicator may have waited for the mutex since it was woken,
// while a Start that held it wrote to a disk, and the next one: what they woke it for is in what it
// sends now. Woken once more, it would send all of that a second time, unanswered as it is.
func (f *progress) heeded() {
	select {
	case <-f.wake:
	default:
	}
}

// mayCall says whether another call may begin beside those that have not returned.
func (f *progress) mayCall() bool { return f.inFlight < maxInFlight }

// sent notes that a call begins.
func (f *progress) sent() {
	f.inFlight++
	f.awaiting = true
}

// returned notes that a call is over, with an answer or without.
func (f *progress) returned() { f.inFlight-- }

// lacks says whether the follower may lack entries of a log that ends at lastIndex.
func (f *progress) lacks(lastIndex int) bool { return f.nextIndex <= lastIndex }

// matched notes that the follower's log agrees with the leader's up to index. It returns false if
// that says less than is known already: an older request was answered later. What was true then
// still is.
func (f *progress) matched(index int) bool {
	if index < f.matchIndex {
		return false
	}
	f.matchIndex = index
	f.nextIndex = max(f.nextIndex, index+1)
	return true
}

// refusedNews says whether a refusal of entries behind prevLogIndex is news. It is not if nextIndex
// has moved since they were sent, or if it is known that the follower has come that far.
func (f *progress) refusedNews(prevLogIndex int) bool {
	return prevLogIndex == f.nextIndex-1 && prevLogIndex > f.matchIndex
}

// refused notes that the follower lacks what a call built on, and gets entries from next on.
func (f *progress) refused(next int) { f.nextIndex = max(next, f.matchIndex+1) }

// majority returns the highest value that a majority of servers has reached, of what each of them
// has reached.
//
//	matchIndex   3 7 5         sorted   3 5 7         5: two of three are there
//	             2 9 9 4       sorted   2 4 9 9       4: three of four are
//
// It sorts what it is given.
func majority[T any](reached []T, compare func(a, b T) int) T {
	slices.SortFunc(reached, compare)
	return reached[(len(reached)-1)/2]
}

// reachedBy lists what each server has reached.
func reachedBy[T any](all []*progress, what func(*progress) T) []T {
	reached := make([]T, len(all))
	for i, f := range all {
		reached[i] = what(f)
	}
	return reached
}

// majorityMatch returns the highest index up to which a majority of servers stores the leader's log
// (Figure 2: "a majority of matchIndex[i] >= N").
func majorityMatch(all []*progress) int {
	match := reachedBy(all, func(f *progress) int { return f.matchIndex })
	return majority(match, func(a, b int) int { return a - b })
}

// majorityTime is majority for instants at which servers other than me did something. The leader
// does it now: it is one of the majority, once.
func majorityTime(all []*progress, me int, now time.Time, what func(*progress) time.Time) time.Time {
	times := reachedBy(all, what)
	times[me] = now
	return majority(times, time.Time.Compare)
}
