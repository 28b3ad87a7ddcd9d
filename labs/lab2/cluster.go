package lab2

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"raftlab/labs/kit"
	"raftlab/raftapi"
	"raftlab/tester"
)

// cluster is a tester.Cluster with a few more verbs, and a ledger of the commands whose commitment
// somebody has seen.
type cluster struct {
	*tester.Cluster
	kit.Bench
	env    *tester.Env
	first  int         // commands are numbers from here on,
	next   int         // and the last one used is this; no two commands of a run are equal
	ledger map[int]int // index -> command that was seen applied there
}

// subject returns what makes the peers under test.
func subject(e *tester.Env) raftapi.MakeFunc { return e.Subject().(raftapi.MakeFunc) }

// newCluster starts n peers of the kind under test.
func newCluster(e *tester.Env, n int, o tester.Options) *cluster {
	return newClusterOf(e, subject(e), n, o)
}

// newClusterOf starts n peers that make makes.
func newClusterOf(e *tester.Env, make raftapi.MakeFunc, n int, o tester.Options) *cluster {
	first := 1000 * (1 + e.Rand().IntN(1000))
	c := &cluster{Cluster: e.NewCluster(make, n, o), env: e, first: first, next: first, ledger: map[int]int{}}
	c.Bench = kit.On(c.Cluster)
	return c
}

// command returns a command that was never used before in this run.
func (c *cluster) command() int {
	c.next++
	return c.next
}

// fail ends the case. The violation is about the given peers, or about no one in particular.
func (c *cluster) fail(rule tester.Rule, section string, peers []int, format string, args ...any) {
	c.env.Fail(tester.Violation{Rule: rule, Section: section, Message: fmt.Sprintf(format, args...), Peers: peers})
}

// any returns a peer, drawn from those that are not given.
func (c *cluster) any(but ...int) int {
	peers := c.Others(but...)
	return peers[c.env.Rand().IntN(len(peers))]
}

// agree has the cluster commit one new command and returns its index. It waits until want peers
// have applied it. Leadership may change meanwhile: the command is proposed again then.
func (c *cluster) agree(want int) int { return c.agreeWithin(tester.AgreementLimit, want) }

func (c *cluster) agreeWithin(limit time.Duration, want int) int {
	defer c.watchForFlood()()
	command := c.command()
	index := c.OneWithin(limit, command, want, true)
	c.ledger[index] = command
	return index
}

// watchForFlood fails, until the function that it returns is called, if the peers send so many
// messages without coming to an agreement that they can only be going round in circles: a leader
// that repeats at once what was refused does thousands a second, and nothing is gained by watching
// it until the time is up. Waste alone is no reason: a leader that sends everything again every 5
// ms, in three loops at once, is let go on.
func (c *cluster) watchForFlood() (stop func()) {
	const perFollower = 3 * 200 // a second
	began, before := c.env.Now(), c.TotalRPCs()
	// Some for a burst of elections and retries, and each command may have to be taken back on one
	// peer and brought to it, one by one.
	allowed := 2000 + 4*(c.next-c.first)*c.N()
	done := make(chan struct{})
	c.env.Go(func() {
		for !c.env.Await(done, 200*time.Millisecond) {
			took, rpcs := c.env.Now()-began, c.TotalRPCs()-before
			if rpcs > allowed+int(took.Seconds()*perFollower*float64(c.N()-1)) {
				c.fail(tester.RuleNoAgreement, "§5.3", nil,
					"%d RPCs in %v, and still no agreement: do peers repeat at once what was refused?", rpcs, took)
			}
		}
	})
	return func() { close(done) }
}

// agreeAll is agree for a cluster that is whole again: every peer has to catch up.
func (c *cluster) agreeAll() int { return c.agree(c.N()) }

// commit has the cluster commit n commands, one after the other.
func (c *cluster) commit(n, want int) {
	for range n {
		if c.Takes() {
			c.agree(want)
		}
	}
}

// proposal is a command that a leader has taken, which is no promise that it will be committed.
type proposal struct{ index, term, command int }

// propose hands n new commands to peer i, without waiting. It stops where the peer says that it
// does not lead (any more), so there may be fewer.
func (c *cluster) propose(i, n int) []proposal {
	var taken []proposal
	for range n {
		command := c.command()
		index, term, leads := c.Propose(i, command)
		if !leads {
			break
		}
		taken = append(taken, proposal{index, term, command})
	}
	return taken
}

// startTogether hands n new commands to peer i, all at the same moment. Those that it takes in one
// term get an index each.
func (c *cluster) startTogether(i, n int) []proposal {
	taken := make([]proposal, n)
	for k := range taken {
		command := c.command()
		c.env.Go(func() {
			if index, term, leads := c.Propose(i, command); leads {
				taken[k] = proposal{index, term, command}
			}
		})
	}
	c.env.Wait()
	taken = slices.DeleteFunc(taken, func(p proposal) bool { return p.command == 0 })
	for k, p := range taken {
		same := func(q proposal) bool { return q.term == p.term && q.index == p.index }
		if slices.ContainsFunc(taken[:k], same) {
			c.fail(tester.RuleWrongIndex, "§5.3", []int{i}, "two concurrent Starts in term %d got the same index %d", p.term, p.index)
		}
	}
	return taken
}

// applied reports whether some peer has ever applied p, and not another command in its place.
func (c *cluster) applied(p proposal) bool {
	_, command := c.Applied(p.index)
	return command == p.command
}

// neverApplied fails if one of the proposals has been applied anywhere, although no majority
// can have stored it; why says how that is known.
func (c *cluster) neverApplied(proposals []proposal, section, why string) {
	for _, p := range proposals {
		if c.applied(p) {
			c.fail(tester.RuleUnwantedCommit, section, nil,
				"the command proposed at index %d in term %d was applied, but %s", p.index, p.term, why)
		}
	}
}

// poll is how often a case looks at something that it waits for.
const poll = 10 * time.Millisecond

// throughout looks at something again and again for d.
func (c *cluster) throughout(d time.Duration, look func()) {
	for end := c.env.Now() + d; c.env.Now() < end; c.env.Sleep(poll) {
		look()
	}
}

// waitUntilDeposed gives peer i, which led term, time to hear of a newer one. What it does in the
// newer term is its own affair: with a timer that ran out long ago it may stand at once, and lead
// again before anybody has seen it as a follower.
func (c *cluster) waitUntilDeposed(i, term int) {
	deposed := func() bool { now, leads := c.State(i); return !leads || now > term }
	if !c.Until(tester.ElectionLimit, deposed) {
		c.fail(tester.RuleUnwantedLeader, "§5.1", []int{i},
			"peer %d led term %d and hears from peers of a newer one, but still claims to lead that term", i, term)
	}
}

// leadership waits until one peer leads and all connected peers say its term, and returns both as
// they were at one instant. What is said about "the leader" and "the term" one after the other may
// be of two terms.
func (c *cluster) leadership() (leader, term int) {
	agreed := func() bool {
		leader = c.Leader()
		term, _ = c.State(leader)
		return !slices.ContainsFunc(c.Others(), func(i int) bool {
			now, _ := c.State(i)
			return c.Running(i) && c.Connected(i) && now != term
		})
	}
	if !c.Until(tester.TermLimit, agreed) {
		term = c.Term() // says what is wrong, if it still is
	}
	return leader, term
}

// staysQuiet fails if the term goes on changing although nothing is wrong. One change is forgiven
// and so is a second one: a peer may have been about to start an election. Where the case is one of
// the course's it warns and no more, as the course's test does.
func (c *cluster) staysQuiet() {
	for range 3 {
		c.Leader()
		term := c.Term()
		c.env.Sleep(2 * time.Second)
		if c.Term() == term {
			return
		}
	}
	const restless = "peers start elections again and again although the leader is connected to all of them; are its heartbeats sent, heard, and does each set back the election timer?"
	if c.env.Case().Course != "" {
		c.env.Warn(restless)
		return
	}
	c.fail(tester.RuleTermChanged, "§5.2", nil, restless)
}

// recovers heals the cluster and fails unless all peers come to agree on a new command, and what
// the ledger holds is still there.
func (c *cluster) recovers() {
	c.Mend()
	// Each command that a leader took may be an entry that some log lacks or has too much, and a
	// peer may repair its followers' logs one entry at a time.
	c.agreeWithin(tester.AgreementLimit+time.Duration(c.next-c.first)*tester.CatchUp, c.N())
	c.audit()
}

// audit fails if a command of the ledger is not at its index any more.
func (c *cluster) audit() {
	for _, index := range slices.Sorted(maps.Keys(c.ledger)) {
		n, command := c.Applied(index)
		if n > 0 && command == c.ledger[index] {
			continue
		}
		c.fail(tester.RuleLostValue, "§5.4", nil,
			"command %d was seen committed at index %d; now %d peers have applied %v there", c.ledger[index], index, n, command)
	}
}
