package raft

import (
	"slices"
	"time"
)

// Three extensions ask a leader the same question: who has acknowledged it, and since when?
//
//	                    call made                     answer comes in
//	leader   ---------------+--------------------------------+------------------> time
//	                         \                              /
//	follower ----------------- accepts it as the leader ---+--------------------->
//
//	                        ^                                ^
//	                what the answer proves            when the leader learns it
//
// An answer proves that the follower stood by its leader at some instant after the call was
// made. Whoever needs a proof (ReadIndex, the lease) has to count from the left mark; counting
// from the right one is the classic mistake, for the follower may have promised its vote to
// another while the answer was on its way. CheckQuorum proves nothing, it only wants to know whether
// anybody is still there, and counts from the right: on a network that is slow, but works, the
// leader stays.
//
// contacts is plain data, made anew for each term of leadership and guarded by Raft.mu.
type contacts struct {
	me   int
	made []callStart // per server: the newest call that it has answered
	last []time.Time // per server: when the latest answer came in
}

// callStart is what the leader knew when it made a call. It never leaves this server: an RPC
// reply belongs to its call, so that no acknowledgement can be taken for that of another
// call. Where messages are matched by a number that travels along (etcd's context), the number must
// not be used twice: an answer to the first use would confirm the second (etcd#20418).
type callStart struct {
	read int       // number of the latest read that had been let in (readindex.go)
	at   time.Time // on the leader's clock (lease.go)
}

// newContacts begins a leadership. Nobody has acknowledged the leader yet, but a majority has just
// voted for it, so CheckQuorum counts from here.
func newContacts(n, me int, now time.Time) contacts {
	return contacts{me: me, made: make([]callStart, n), last: slices.Repeat([]time.Time{now}, n)}
}

// answered notes that peer has answered, now, a call made at start. Replies overtake each other;
// what was learned from a newer call stays.
func (c *contacts) answered(peer int, start callStart, now time.Time) {
	c.last[peer] = now
	made := &c.made[peer]
	made.read = max(made.read, start.read)
	if start.at.After(made.at) {
		made.at = start.at
	}
}

// majorityRead returns the highest number such that a majority, this server included, has answered
// a call that was made after the read of this number had been let in. own is the number of the
// latest read.
func (c *contacts) majorityRead(own int) int {
	numbers := make([]int, len(c.made))
	for i, start := range c.made {
		numbers[i] = start.read
	}
	numbers[c.me] = own
	slices.Sort(numbers)
	return numbers[(len(numbers)-1)/2] // a majority is at least here
}

// majorityMade returns the latest instant such that a majority, this server included, has answered
// a call made then or later. The zero time if there is none.
func (c *contacts) majorityMade(now time.Time) time.Time {
	times := make([]time.Time, len(c.made))
	for i, start := range c.made {
		times[i] = start.at
	}
	return c.majority(times, now)
}

// majorityLast returns the latest instant such that the answers of a majority, this server
// included, came in then or later.
func (c *contacts) majorityLast(now time.Time) time.Time {
	return c.majority(slices.Clone(c.last), now)
}

func (c *contacts) majority(times []time.Time, now time.Time) time.Time {
	times[c.me] = now // once: this server is one of the majority, not more
	slices.SortFunc(times, time.Time.Compare)
	return times[(len(times)-1)/2]
}
