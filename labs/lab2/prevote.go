package lab2

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2E: PreVote (§9.6 of Ongaro's dissertation). Who cannot win an election must not raise the
// term.
//
// Without CheckQuorum (part 2F) a pre-vote is decided by the logs alone, so a case that wants quiet
// sees to it that whoever comes back has missed something.

// with makes options for peers that all have some extensions.
func with(extensions ...string) tester.Options { return tester.Options{Extensions: extensions} }

// undisturbed watches whether leader and term stay while something happens. Once in a while an
// election is under way when that begins, so it counts from the second time on.
type undisturbed struct {
	c     *cluster
	times int
}

func (u *undisturbed) by(what string, f func(leader int)) {
	leader, term := u.c.leadership()
	f(leader)
	next, now := u.c.leadership()
	if next == leader && now == term {
		return
	} else if u.times++; u.times > 1 {
		u.c.fail(tester.RuleDisturbed, "§9.6", []int{leader, next},
			"%s: peer %d led term %d and could reach a majority all the time, but now peer %d leads term %d", what, leader, term, next, now)
	}
}

// rejoin cuts a follower off until its elections would have raised its term by dozens, and lets it
// back. The others have committed something meanwhile, so it could not win.
func rejoin(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.PreVote))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 3 {
		u.by("a follower came back after ten seconds alone", func(leader int) {
			away := c.any(leader)
			c.Disconnect(away)
			c.commit(2, 2)
			e.Sleep(10 * time.Second)
			c.Connect(away)
			c.agreeAll()
		})
	}
	c.audit()
}

// termStays divides five peers so that two are together and one is alone, all without a majority.
func termStays(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote))
	for range 2 {
		c.agreeAll()
		c.Term()
		order := c.Shuffled(c.Leader())
		alone, pair := order[:1], order[1:3]
		c.Partition(alone, pair)
		e.Sleep(2 * time.Second) // an election that was under way may still take place
		var before []int
		for _, i := range order[:3] {
			term, _ := c.State(i)
			before = append(before, term)
		}
		e.Sleep(8 * time.Second)
		for k, i := range order[:3] {
			if term, _ := c.State(i); term != before[k] {
				c.fail(tester.RuleTermChanged, "§9.6", []int{i},
					"peer %d reaches no majority and went from term %d to term %d within 8 s; with PreVote it asks before it raises its term, and nobody can have said yes", i, before[k], term)
			}
		}
		c.HealAll()
	}
	c.recovers()
}

// flapping cuts one follower off and lets it back, for times about as long as an election timeout.
func flapping(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 3 {
		u.by("a follower was cut off and came back four times", func(leader int) {
			away := c.any(leader)
			for range 4 {
				c.Disconnect(away)
				c.agree(4)
				c.Idle(3 * time.Second)
				c.agree(4)
				c.Connect(away)
				c.Idle(500 * time.Millisecond)
			}
			c.agreeAll()
		})
	}
	c.audit()
}

// oldLogAsks breaks the link between the leader and one follower. The follower can ask all others,
// who hear the leader and have newer logs.
func oldLogAsks(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 3 {
		u.by("a follower with an old log lost its link to the leader, and asked the others", func(leader int) {
			asks := c.any(leader)
			c.Links(func(from, to int) bool {
				return !(from == leader && to == asks || from == asks && to == leader)
			})
			for range 10 {
				c.agree(4)
				c.Idle(time.Second)
			}
			c.HealAll()
			c.agreeAll()
		})
	}
	c.audit()
}

// halfHeard makes the leader deaf, and has one of its followers hear it no more either. That one
// asks the other, which does hear the leader, and has to say Yes nevertheless: nobody deposes a
// leader without a majority here, as CheckQuorum does in part 2F, so whoever sticks to it keeps
// everybody waiting.
//
//	asks <-----> hears <----- deaf leader       (and asks ----x deaf leader)
func halfHeard(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.PreVote))
	for range 3 {
		c.agreeAll()
		deaf := c.Leader()
		asks := c.any(deaf)
		c.deafen(deaf)
		c.Cut(deaf, asks)
		c.LeaderAmong(c.Others(deaf))
		c.agree(2)
		c.HealAll()
	}
	c.recovers()
}

// lateYes leaves one pair of five connected, with replies that come late and out of order: in every
// round of pre-votes there are two at most.
func lateYes(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote))
	c.Leader()
	c.Term()
	c.Network().LongReordering(true)
	c.Network().Duplicates(true)
	order := c.Shuffled(c.Leader())
	pair := order[:2]
	c.Partition(pair)
	e.Sleep(4 * time.Second) // what was said before the cut has arrived
	var before [2]int
	for k, i := range pair {
		before[k], _ = c.State(i)
	}
	newest := max(before[0], before[1])
	c.throughout(12*time.Second, func() {
		for _, i := range pair {
			if term, _ := c.State(i); term > newest {
				c.fail(tester.RuleTermChanged, "§9.6", []int{i},
					"peer %d moved to term %d, but in each round of pre-votes it can have got two of five at most; are answers of earlier rounds counted?", i, term)
			}
		}
	})
	c.recovers()
}

// everyone makes options for clusters that are all the same, someOf for clusters in which about
// half of the peers have extensions.
func everyone(extensions ...string) func(*tester.Env) tester.Options {
	return func(*tester.Env) tester.Options { return with(extensions...) }
}

func someOf(extensions ...string) func(*tester.Env) tester.Options {
	return func(e *tester.Env) tester.Options {
		first := e.Rand().IntN(2)
		return tester.Options{ExtensionsOf: func(i int) []string {
			if i%2 == first {
				return extensions
			}
			return nil
		}}
	}
}

// stillElects goes through the ways in which a cluster can lose its leader.
func stillElects(options func(*tester.Env) tester.Options) func(*tester.Env) {
	return func(e *tester.Env) {
		c := newCluster(e, 5, options(e))
		for range 4 { // one after the other crashes, or is cut off
			c.agree(4)
			leader := c.Leader()
			if e.Rand().IntN(2) == 0 {
				c.Crash(leader)
				c.agree(4)
				c.Restart(leader)
			} else {
				c.Disconnect(leader)
				c.agree(4)
				c.Connect(leader)
			}
		}
		for _, i := range c.Shuffled() { // all of them
			c.Crash(i)
		}
		for _, i := range c.Shuffled() {
			c.Restart(i)
		}
		c.agreeAll()
		order := c.Shuffled(c.Leader())
		c.Partition(order[:2], order[2:3]) // no majority anywhere, for a while
		e.Sleep(5 * time.Second)
		c.Partition(order[:3]) // and then one without the old leader
		c.LeaderAmong(order[:3])
		c.recovers()
	}
}

// upgraded lets a peer without PreVote get far ahead in terms, and restarts it with PreVote next to
// one that has the newer log and an old term, while the third is dead. The first cannot win; the
// second can, when it has learned which term it has to exceed. (etcd issue 8501)
func upgraded(e *tester.Env) {
	old := -1
	c := newCluster(e, 3, tester.Options{ExtensionsOf: func(i int) []string {
		if i == old {
			return nil
		}
		return []string{raftapi.PreVote}
	}})
	c.agreeAll()
	for range 3 {
		leader := c.Leader()
		rest := c.Shuffled(leader)
		ahead, newer := rest[0], rest[1]
		old = ahead
		c.Restart(ahead)
		c.agreeAll()
		if c.Leader() == ahead {
			old = -1
			c.Restart(ahead)
			continue
		}
		c.Disconnect(ahead)
		e.Sleep(6 * time.Second)
		leader = c.Leader()
		c.commit(2, 2)
		old = -1
		c.Crash(ahead)
		c.Crash(leader)
		if leader == newer { // the two have changed places
			newer = c.Others(leader, ahead)[0]
		}
		c.Restart(ahead)
		c.LeaderAmong([]int{ahead, newer})
		c.agree(2)
		c.Restart(leader)
		c.agreeAll()
	}
	c.audit()
}

func preVoteChurn(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, Extensions: []string{raftapi.PreVote}})
}
