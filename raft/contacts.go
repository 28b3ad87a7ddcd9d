package raft

import "time"

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
// An answer proves that the follower stood by its leader at some instant after the call was made.
// Whoever needs a proof (ReadIndex, the lease) has to count from the left mark; counting from the
// right one is the classic mistake, for the follower may have promised its vote to another while
// the answer was on its way. CheckQuorum proves nothing, it only wants to know whether anybody is
// still there, and counts from the right: on a network that is slow, but works, the leader stays.
//
// contact is when a server has acknowledged the leader, in this term. A part of its progress.
type contact struct {
	made callStart // the newest call that it has answered
	last time.Time // when the latest answer came in
}

// callStart is what the leader knew when it made a call. It never leaves this server: an RPC
// reply belongs to its call, so that no acknowledgement can be taken for that of another
// call. Where messages are matched by a number that travels along (etcd's context), the number must
// not be used twice: an answer to the first use would confirm the second (etcd#20418).
type callStart struct {
	read int       // number of the latest read that had been let in (readindex.go)
	at   time.Time // on the leader's clock (lease.go)
}

// answered notes that the server has answered, now, a call made at start. Replies overtake each
// other; what was learned from a newer call stays.
func (c *contact) answered(start callStart, now time.Time) {
	c.last = now
	c.made.read = max(c.made.read, start.read)
	if start.at.After(c.made.at) {
		c.made.at = start.at
	}
}

// beginContacts begins a leadership. Nobody has acknowledged the leader yet, but a majority has
// just voted for it, so CheckQuorum counts from here.
func beginContacts(all []*progress, now time.Time) {
	for _, f := range all {
		f.contact = contact{last: now}
	}
}

// majorityRead returns the highest number such that a majority, the server me included, has
// answered a call that was made after the read of this number had been let in. own is the number of
// the latest read.
func majorityRead(all []*progress, me, own int) int {
	numbers := reachedBy(all, func(f *progress) int { return f.contact.made.read })
	numbers[me] = own
	return majority(numbers, func(a, b int) int { return a - b })
}

// majorityMade returns the latest instant such that a majority, the server me included, has
// answered a call made then or later. The zero time if there is none.
func majorityMade(all []*progress, me int, now time.Time) time.Time {
	return majorityTime(all, me, now, func(f *progress) time.Time { return f.contact.made.at })
}

// majorityLast returns the latest instant such that the answers of a majority, the server me
// included, came in then or later.
func majorityLast(all []*progress, me int, now time.Time) time.Time {
	return majorityTime(all, me, now, func(f *progress) time.Time { return f.contact.last })
}
