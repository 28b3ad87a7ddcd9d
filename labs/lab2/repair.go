package lab2

import (
	"strings"
	"time"

	"raftlab/tester"
)

// Part 2B: logs that have gone different ways become one again.

// oldLeaderRejoins cuts off a leader that goes on taking commands, has the others commit others at
// the same indices, and lets it back, while the leader that did the work goes away.
func oldLeaderRejoins(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	c.oldLeaderRejoins()
	for range 3 {
		c.tailIsNoMatch()
	}
	c.audit()
}

func (c *cluster) oldLeaderRejoins() {
	old := c.Leader()
	c.Disconnect(old)
	lost := c.propose(old, 4)
	c.commit(1, 2)

	next := c.Leader()
	c.Disconnect(next)
	c.Connect(old) // old and the third peer: the third one must win
	c.agree(2)
	c.Connect(next)
	c.agreeAll()
	c.neverApplied(lost, "§5.4.1", "a majority committed another command there first")
	c.audit()
}

// tailIsNoMatch brings an old leader with a tail of its own back to one that has no entry of its
// own term yet, and takes commands while its first heartbeats are on their way. They build on what
// both have, and say nothing of the tail: a yes to them is no yes to what the leader puts at those
// indices.
//
//	next leader  1 y y       "is 1 there?"       y is committed when old says yes to y
//	old leader   1 x x x      yes
//	third        1            away, and then alone with old
func (c *cluster) tailIsNoMatch() {
	const slow = 40 * time.Millisecond
	old, term := c.leadership()
	c.Disconnect(old)
	c.propose(old, 3)
	next := c.LeaderAmong(c.Others(old))
	third := c.Others(old, next)[0]
	c.Disconnect(third)
	c.Network().Latency(slow, slow+slow/4)
	c.Connect(old)
	c.waitUntilDeposed(old, term)
	taken := c.propose(next, 2)
	c.env.Sleep(10 * slow)
	c.remember(taken)
	c.Network().Latency(0, 0)
	c.Disconnect(next)
	c.Connect(third)
	c.agree(2)
	c.HealAll()
	c.agreeAll()
}

// isolatedLeader does the same with clients that write all the time: to the leader that nobody
// hears, and to the one that the majority has elected.
func isolatedLeader(e *tester.Env) {
	const rounds = 6
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	old, term := c.leadership()
	c.Disconnect(old)
	var lost []proposal
	for range rounds {
		lost = append(lost, c.startTogether(old, 4)...)
		c.agree(4)
	}
	c.neverApplied(lost, "§5.3", "the leader that took it could reach nobody")
	c.HealAll()
	c.waitUntilDeposed(old, term)
	c.commit(2, 5)
	c.neverApplied(lost, "§5.4.1", "a majority committed other commands before it could hear of this one")
	c.audit()
}

// logsDiverge builds two long histories that share only their beginning, and no agreement on which
// is right: each half's leader took many commands that it could not commit.
//
//	peers a, b     1  x x x x x x x x x ...        uncommitted, term t
//	peers c, d, e  1  y y y y y y y y y ...        committed, term u > t
//	peers c, d     1  y y y y y y y y y z z z ...  z uncommitted
//	then a, b, e alone, and at last everyone
func logsDiverge(e *tester.Env) {
	const many = 30
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()

	first := c.Leader()
	partner := c.any(first)
	rest := c.Others(first, partner)
	c.Partition([]int{first, partner}, rest)
	lost := c.propose(first, many)
	e.Sleep(time.Second)
	c.neverApplied(lost, "§5.3", "only two of five peers can have stored it")
	c.Disconnect(first, partner)
	c.proposeAndCommit(c.Leader(), many)

	// The second leader loses one of its two followers, and takes more than it can commit.
	second := c.Leader()
	followers := c.Shuffled(first, partner, second)
	stays, goes := followers[0], followers[1]
	c.Disconnect(goes)
	c.propose(second, many)
	e.Sleep(time.Second)

	// The one that went away meets the first two: only it has all that is committed.
	c.HealAll()
	c.Disconnect(second, stays)
	c.agree(3)
	c.HealAll()
	c.agreeAll()
	c.neverApplied(lost, "§5.4.1", "a majority committed other commands there")
	c.audit()
}

// proposeAndCommit hands n commands to a leader in one go, and then has one more agreed on, which
// in a healthy group brings the others with it.
func (c *cluster) proposeAndCommit(leader, n int) {
	proposals := c.propose(leader, n)
	c.agree(3)
	c.remember(proposals)
}

// shortLogLoses keeps one follower from a committed entry, and leaves it with one that has it,
// another follower or the leader. Its term has grown while it was away, so it looks eager; its log
// is behind, so it must not win.
func shortLogLoses(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	c.shortLogLoses()
	c.audit()
}

func (c *cluster) shortLogLoses() {
	for k := range 4 {
		behind := c.any(c.Leader())
		c.Disconnect(behind)
		c.commit(2, 2)
		gone := c.Leader()
		complete := c.Others(gone, behind)[0]
		if k%2 == 1 { // the leader itself stays, is deposed, and has to stand again
			gone, complete = complete, gone
		}
		c.Disconnect(gone)
		c.env.Sleep(time.Second) // let the one behind get ahead in terms
		c.Connect(behind)
		c.mustLead(complete, behind, "it lacks committed entries")
		c.agree(2)
		c.HealAll()
		c.agreeAll()
	}
}

// longLogLoses gives an old leader a log that is longer and older than what has been committed
// since. A later last term beats any length.
func longLogLoses(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range 3 {
		long := c.Leader()
		c.Disconnect(long)
		lost := c.propose(long, 12)
		c.commit(2, 2)
		leader := c.Leader()
		complete := c.Others(long, leader)[0]
		c.Disconnect(leader)
		c.Connect(long)
		c.mustLead(complete, long, "its last entries, however many, are of an older term than what has been committed")
		c.agree(2)
		c.HealAll()
		c.agreeAll()
		c.neverApplied(lost, "§5.4.1", "a majority committed other commands there")
	}
	c.audit()
}

// mustLead waits for a leader among two peers that only have each other, and fails if it is the
// wrong one. The wrong one may stand as often as its timeout allows. How often it asks within a
// term is its own affair.
func (c *cluster) mustLead(right, wrong int, why string) {
	began, before := c.env.Now(), c.newestTerm(right, wrong)
	leader := c.LeaderAmong([]int{right, wrong})
	if leader == wrong {
		c.fail(tester.RuleLostCommit, "§5.4.1", []int{wrong, right}, "peer %d was elected with the vote of peer %d, although %s", wrong, right, why)
	}
	took, terms := c.env.Now()-began, c.newestTerm(right, wrong)-before
	if limit := 2 * (2 + int(took/tester.ElectionTimeoutLow)); terms > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.2", []int{wrong}, "peers %d and %d, of which the second cannot win, went through %d terms in %v; a candidate that is refused waits for its timeout", right, wrong, terms, took)
	}
}

// newestTerm returns the newest term that one of the peers is in.
func (c *cluster) newestTerm(peers ...int) (newest int) {
	for _, i := range peers {
		term, _ := c.State(i)
		newest = max(newest, term)
	}
	return newest
}

// lateAppends lets requests overtake and repeat each other on their way to one follower, and then
// takes the leader away. An old AppendEntries, shorter than the log by the time it arrives, must
// not have cut off what the follower said that it had stored.
func lateAppends(e *tester.Env) {
	const rounds = 10
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	net := c.Network()
	for range rounds {
		leader := c.Leader()
		follower := c.any(leader)
		away := c.Others(leader, follower)[0]
		c.Disconnect(away)
		net.Reliable(false)
		net.Duplicates(true)
		var proposals []proposal
		for range 12 {
			proposals = append(proposals, c.propose(leader, 1)...)
			c.Idle(50 * time.Millisecond)
		}
		c.Disconnect(leader)
		net.Reliable(true)
		net.Duplicates(false)
		c.Connect(away)
		if c.remember(proposals) {
			c.mustLead(follower, away, "it lacks committed entries")
		}
		c.agree(2)
		c.HealAll()
		c.agreeAll()
		c.audit()
	}
}

// remember enters those proposals that have been applied into the ledger, and says whether there
// were any.
func (c *cluster) remember(proposals []proposal) (any bool) {
	for _, p := range proposals {
		if c.applied(p) {
			c.ledger[p.index] = p.command
			any = true
		}
	}
	return any
}

// lateReplies holds the reply to one AppendEntries back until the leader has taken more commands,
// which nobody can hear of. The reply says what the follower had then, not what the leader has now.
//
//	leader             follower          the third peer is away
//	 |--- entry 5 ------->|
//	 |                    |              cut leader -> follower
//	 | Start: 6, 7, 8     |
//	 |<---- success ------|              5 is committed, 6 to 8 are not
func lateReplies(e *tester.Env) {
	const rounds = 6
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range rounds {
		leader := c.Leader()
		follower := c.any(leader)
		c.Disconnect(c.Others(leader, follower)...)
		c.Network().LongReordering(true)
		c.propose(leader, 1)
		e.Sleep(200 * time.Millisecond)
		c.Cut(leader, follower)
		proposals := c.propose(leader, 3)
		e.Sleep(2500 * time.Millisecond)
		c.neverApplied(proposals, "§5.3", "since it was proposed nobody could hear the leader")
		c.Network().LongReordering(false)
		c.HealAll()
		c.agreeAll()
	}
	c.recovers()
}

// lateRefusals brings a follower that missed a few entries to a new leader, whose first messages it
// all refuses, and holds the refusals back: many of them, to one and the same request, come in when
// the leader has acted on the first. To act on each would take nextIndex back below the first
// entry, or below what the follower has confirmed since: that is sent once more, at most. If
// nextIndex stays there, all is sent again with each heartbeat, which shows in bytes.
//
//	leader      1 2 3 4 5     nextIndex 6: refused, refused, refused, ...
//	follower    1
func lateRefusals(e *tester.Env) {
	for range 4 {
		c := newCluster(e, 5, tester.Options{})
		late := c.any(c.Leader())
		c.Disconnect(late)
		for k := range 3 {
			c.One(strings.Repeat(string(rune('a'+k)), 3000), 4, true)
		}
		old := c.Leader()
		c.Disconnect(old)
		c.Leader()
		c.Network().LongReordering(true)
		c.Connect(late)
		e.Sleep(3 * time.Second)
		c.Network().LongReordering(false)
		c.Connect(old) // or it would go on as a leader whom nobody answers
		c.sendsOnce()
		c.recovers()
		c.Shutdown()
	}
}

// sendsOnce fails if messages go on being large when there is nothing new. All replies that were
// held back have come by then.
func (c *cluster) sendsOnce() {
	const small = 1000 // bytes of a heartbeat and its answer, in any encoding
	c.env.Sleep(2500 * time.Millisecond)
	rpcs, bytes, took, ok := c.measured(func() { c.env.Sleep(2 * time.Second) })
	if ok && bytes > int64(rpcs*small) {
		c.fail(tester.RuleTooManyBytes, "Figure 2", nil, "%d bytes in %d RPCs in %v, seconds after the last command, and all followers have confirmed all entries; has an old refusal taken nextIndex back below matchIndex for good?", bytes, rpcs, took)
	}
}

// leaderAgain brings a leader back to power after others have rewritten a follower's log. What it
// knew about that log in its first term (matchIndex) must not count in its second; nor may a reply
// that comes so late that the first term is long over.
//
//	peers a, w     1 x x x x x x ... x      a leads term t, w stores it all and says so
//	peers b, c, d  1 y y                    b leads term t+1, y is committed
//	everyone       1 y y                    w is shorter now
//	peers a, b     1 y y z                  so that a, and no other, wins once b is gone
//	peers a, c     1 y y z p p              p is on two of five, and w is not one of them
func leaderAgain(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	for _, late := range []bool{false, true, true} {
		c.agreeAll()
		a := c.Leader()
		w := c.any(a)
		c.leaderAgain(a, w, late)
		c.Mend()
	}
	c.recovers()
}

func (c *cluster) leaderAgain(a, w int, late bool) {
	others := c.Others(a, w)
	c.Partition([]int{a, w}, others)
	b := c.LeaderAmong(others)
	committed := c.propose(b, 2)
	if !c.Until(tester.CommitLimit, func() bool { return len(committed) == 2 && c.applied(committed[1]) }) {
		return // another election came in between
	}

	c.Network().LongReordering(late)
	c.propose(a, 40)
	c.env.Sleep(500 * time.Millisecond)
	c.Network().LongReordering(false)

	// The committed ones reach a and w in their place.
	c.HealAll()
	c.Until(tester.CommitLimit, func() bool {
		return min(c.AppliedThrough(a), c.AppliedThrough(w)) >= committed[1].index
	})
	c.Links(func(from, to int) bool { // a and b; and what w has said to a is still on its way
		return from == a && to == b || from == b && to == a || late && from == w && to == a
	})
	size := c.PersistedSize(a)
	c.propose(b, 1)
	c.Until(time.Second, func() bool { return c.PersistedSize(a) != size })

	// Three votes are all that a can get, and each of the three needs the other two.
	voters := c.Others(b, w)
	if late {
		voters = []int{a, w, c.any(a, b, w)}
	}
	c.Partition(voters)
	if c.LeaderAmong(voters) != a {
		return
	}
	c.env.Note("peer %d leads again", a)
	if late {
		c.env.Sleep(2300 * time.Millisecond) // the latest replies are there
	}
	c.Partition([]int{a, c.any(a, b, w)})
	proposals := c.propose(a, 2)
	c.env.Sleep(2 * time.Second)
	c.neverApplied(proposals, "Figure 2", "only two of five peers can have stored it; does the leader count what it knew in an earlier term?")
}
