package lab2

import (
	"slices"
	"time"

	"raftlab/tester"
)

// Part 2A: whose vote counts, and when.

// staleVotes makes votes arrive when the election that they were given in is over.
//
//	a                 b              the third peer is cut off
//	|--- vote, term 5? -->|          b has handled the request: cut a -> b
//	|                     X
//	| timeout: term 6     |          nobody can hear a in term 6
//	|<---- yes, term 5 ---|          too late: it says nothing about term 6
//
// From the cut on, a can still win the term it is in, but no later one.
func staleVotes(e *tester.Env) {
	const rounds = 8
	c := newCluster(e, 3, tester.Options{})
	for range rounds {
		c.HealAll()
		leader := c.Leader()
		newest := c.Term()
		c.Network().LongReordering(true)
		c.Disconnect(leader)

		rest := c.Shuffled(leader)
		a, b := rest[0], rest[1]
		asked := c.Until(5*time.Second, func() bool {
			atA, _ := c.State(a)
			atB, _ := c.State(b)
			return atA > newest && atA == atB // one of them asked, and the other one knows
		})
		c.Cut(a, b)
		if asked {
			c.winsNoMore(a, 2500*time.Millisecond, "nobody can hear it; are votes of an earlier term counted?")
		}
		c.Network().LongReordering(false)
	}
	c.recoversElection()
}

// winsNoMore fails if peer i, which cannot win an election any more, comes to lead a term that is
// newer than the one it is in now. If it has just won that one, it may go on to lead it.
func (c *cluster) winsNoMore(i int, d time.Duration, why string) {
	last, _ := c.State(i)
	c.throughout(d, func() {
		if term, leads := c.State(i); leads && term > last {
			c.fail(tester.RuleUnwantedLeader, "§5.2", []int{i}, "peer %d leads term %d, but since term %d %s", i, term, last, why)
		}
	})
}

// recoversElection heals everything; a leader has to emerge and stay.
func (c *cluster) recoversElection() {
	c.Mend()
	c.Leader()
	c.Term()
	c.staysQuiet()
}

// fewVoters leaves one pair of five connected, with replies that come late and out of order. All
// the votes that the two can gather, over any number of terms, are two per term.
func fewVoters(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{LongReordering: true, Duplicates: true})
	order := c.Shuffled()
	c.Disconnect(order[2:]...)
	c.throughout(10*time.Second, func() {
		for _, i := range order[:2] {
			if term, leads := c.State(i); leads {
				c.fail(tester.RuleUnwantedLeader, "§5.2", []int{i}, "peer %d of 5 leads term %d, but only one other peer can vote for it", i, term)
			}
		}
	})
	c.recoversElection()
}

// deposedByNews cuts off a follower until it has gone through several terms alone, and lets it
// back. Its term is newer than the leader's: the others have to take it over, and settle on one
// again.
func deposedByNews(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	for range 3 {
		lonely := c.any(c.Leader())
		c.Disconnect(lonely)
		e.Sleep(5 * time.Second)
		c.Connect(lonely)
		reached, _ := c.State(lonely)
		c.sharesTerm(reached)
	}
	c.staysQuiet()
}

// sharesTerm waits until all peers are in one term, which is not older than least, and one leads.
func (c *cluster) sharesTerm(least int) {
	ok := c.Until(tester.ElectionLimit, func() bool {
		leaders, term := 0, -1
		for i := range c.N() {
			now, leads := c.State(i)
			if term >= 0 && now != term || now < least {
				return false
			}
			term = now
			if leads {
				leaders++
			}
		}
		return leaders == 1
	})
	if !ok {
		c.fail(tester.RuleTermsDiffer, "§5.1", nil, "a peer had reached term %d and can talk to all others, but they do not come together in one term with a leader", least)
	}
}

// muteLeader takes away a leader's voice: it hears everyone, nobody hears it. The others elect a
// new leader, whose heartbeats reach the old one; hearing is enough to step down.
func muteLeader(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	old, term := c.leadership()
	c.mute(old)
	c.LeaderAmong(c.Others(old))
	c.waitUntilDeposed(old, term)
	c.recoversElection()
}

// heartbeatsDepose lets a leader that was cut off hear its successor and nobody else, when that one is
// elected already. Nobody hears the old one. So it is asked for no vote and gets no reply, and heartbeats
// of a newer term are all that it hears of it (§5.1).
func heartbeatsDepose(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	for range 3 {
		old, term := c.leadership()
		c.Disconnect(old)
		successor := c.LeaderAmong(c.Others(old))
		c.Links(func(from, to int) bool { return from != old && (to != old || from == successor) })
		c.Connect(old)
		c.waitUntilDeposed(old, term)
		c.HealAll()
	}
	c.recoversElection()
}

// deposedHeartbeats keeps a deposed leader ignorant: it can speak but hears nothing, so it goes on
// sending heartbeats of its old term. They must not hold up the next election.
//
//	old leader, deaf     |--t--|--t--|--t--|--t--|--t-->     heartbeats of term t
//	second leader        elected in term t+1, and cut off
//	three of five        have heard of t+1: term t is nothing to them
func deposedHeartbeats(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	old := c.Leader()
	c.Disconnect(old)
	second := c.Leader()
	c.Term() // all but the old one know the newer term
	c.Disconnect(second)
	c.Connect(old)
	c.deafen(old)
	c.LeaderAmong(c.Others(old, second))
	c.recoversElection()
}

// deafFollower can speak but hears nothing, so it stands for election again and again. Its
// requests depose leaders (that is Raft without PreVote), but no vote ever reaches it.
func deafFollower(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	deaf := c.any(c.Leader())
	c.deafen(deaf)
	c.winsNoMore(deaf, 5*time.Second, "no vote can have reached it")
	c.recoversElection()
}

// mute cuts everything that peer i sends.
func (c *cluster) mute(i int) {
	for _, j := range c.Others(i) {
		c.Cut(i, j)
	}
}

// deafen cuts everything that is sent to peer i.
func (c *cluster) deafen(i int) {
	for _, j := range c.Others(i) {
		c.Cut(j, i)
	}
}

// votesSetTimersBack lets one peer of seven be heard by all, and nobody else by anybody. So its
// requests are all that happens to the other six, who stand for election alone in between. It is the
// one with the newest term, and another one after a while:
//
//	asker   |-- term 4? -->        |-- term 7? -->              |-- term 9? -->
//	voter    vote |----- election timeout -----| stands: term 8      vote |-----
//
// Who gives its vote waits for an election timeout from then on (Figure 2, Followers: it stands if
// the timeout "elapses without receiving AppendEntries RPC from current leader or granting vote to
// candidate"). The logs are empty, so whoever takes over the asker's term has voted for it.
func votesSetTimersBack(e *tester.Env) {
	const peers, rounds, span = 7, 12, 1500 * time.Millisecond
	c := newCluster(e, peers, tester.Options{})
	watch := voters{cluster: c, terms: make([]int, peers), voted: make([]time.Duration, peers)}
	for range rounds {
		newest := slices.Max(watch.terms)
		watch.asker = slices.Index(watch.terms, newest)
		c.Links(func(from, _ int) bool { return from == watch.asker })
		for end := e.Now() + span; e.Now() < end; e.Sleep(10 * time.Millisecond) {
			watch.look()
		}
	}
	e.Note("judged: %d votes, %d hasty", watch.votes, watch.hasty)
	c.recoversElection()
}

// voters are those whom nobody but the asker reaches.
type voters struct {
	*cluster
	asker int
	asked time.Duration   // when the asker stood last
	terms []int           // of each peer
	voted []time.Duration // when each gave the vote that it has not stood after, or 0
	votes int
	hasty int // who stood soon after a vote
}

// soonAfterVote is shorter than any election timeout: a leader would have to send some fifty heartbeats
// a second. A timer may have fired already when the vote is given, which is forgiven twice.
const soonAfterVote, hastyForgiven = 40 * time.Millisecond, 2

func (v *voters) look() {
	now := v.env.Now()
	newest, _ := v.State(v.asker)
	if newest > v.terms[v.asker] {
		v.terms[v.asker], v.asked, v.voted[v.asker] = newest, now, 0
	}
	for i, before := range v.terms {
		term, _ := v.State(i)
		switch v.terms[i] = term; {
		case i == v.asker, term == before:
		case term == newest && now-v.asked < soonAfterVote: // or it stands itself, and has set its timer as well
			v.votes++
			v.voted[i] = now
		default:
			if v.voted[i] > 0 && now-v.voted[i] < soonAfterVote {
				v.hasty++
			}
			v.voted[i] = 0
		}
		if v.hasty > hastyForgiven {
			v.fail(tester.RuleTermChanged, "Figure 2", []int{i}, "peer %d stands for election in term %d less than %v after it has voted, as it or others did %d times before; does a vote that is given set the election timer back?", i, term, soonAfterVote, hastyForgiven)
		}
	}
}
