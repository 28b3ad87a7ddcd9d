package lab2

import (
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Cases with a slow service. A service that applies at once hides every mistake in the order of
// what is sent to it: nothing can come in between. Here it takes its time over each message, so
// that commits, snapshots from the leader and the service's own calls of Snapshot meet at the apply
// channel.
//
//	peer --- applyCh ---> [ takes a while ] ---> service ---+
//	  ^                                                     |
//	  +--------------------- Snapshot(index) ---------------+

// slowly returns a MakeFunc whose peers are given a channel that is read slowly: peer i's service
// takes delay(i) for each message. It works until stop is closed, which must not happen before the
// cluster has been shut down, since a peer may sit in a send when it is killed.
func slowly(make_ raftapi.MakeFunc, delay func(i int) time.Duration, stop <-chan struct{}) raftapi.MakeFunc {
	return func(peers []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		slow := make(chan raftapi.ApplyMsg)
		go func() {
			for {
				select {
				case m := <-slow:
					time.Sleep(delay(me))
					select {
					case applyCh <- m:
					case <-stop:
						return
					}
				case <-stop:
					return
				}
			}
		}()
		return make_(peers, me, p, slow)
	}
}

// withSlowService runs a case on a cluster of three, one of whose services is slow.
func withSlowService(o tester.Options, story func(c *cluster, slow int)) func(*tester.Env) {
	return func(e *tester.Env) {
		slow := e.Rand().IntN(3)
		stop := make(chan struct{})
		defer close(stop)
		c := newClusterOf(e, slowly(subject(e), func(i int) time.Duration {
			if i == slow {
				return 50 * time.Millisecond
			}
			return time.Millisecond
		}, stop), 3, o)
		story(c, slow)
		c.Shutdown()
	}
}

// slowService commits faster than one peer's service applies. It gets every entry, in order.
func slowService(c *cluster, slow int) {
	for range 6 {
		for range 5 {
			c.propose(c.Leader(), 3)
			c.Idle(10 * time.Millisecond)
		}
		c.agree(2)
	}
	c.agreeAll()
	c.audit()
}

// snapshotsAtSlowService has the slow one fall behind until it is sent a snapshot while entries
// wait to be applied, and has its own snapshots come when newer ones have been installed.
//
//	slow peer   applied to 13, committed to 24, its service is at work on 14
//	leader      [ snapshot to 28 ] 29        sends it
//	slow peer   snapshot to 28 next; and then its service says: a snapshot to 12, please
func snapshotsAtSlowService(c *cluster, slow int) {
	for k := range 12 {
		c.Network().LongReordering(k%3 == 2)
		c.propose(c.Leader(), 12)
		c.agree(2)
		c.Idle(150 * time.Millisecond) // the slow one hears that they are committed
		c.Disconnect(slow)
		c.propose(c.Leader(), 4)
		c.agree(2)
		c.Connect(slow)
		for range 3 {
			c.writeToAnyLeader(1)
			c.Idle(80 * time.Millisecond)
		}
	}
	c.recovers()
}
