package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"raftlab/cluster/disk"
	"raftlab/cluster/transport"
)

// fault is something that happens to members.
type fault string

const (
	kill       fault = "kill -9"
	power      fault = "loss of power"
	killPower  fault = "kill -9, a new start, and loss of power soon after"
	powerOfAll fault = "loss of power of all members"

	pause fault = "SIGSTOP for 1.5 s"
	// A leader that was stopped for longer than a lease lives must not end leases that its
	// successor keeps alive.
	stopLong fault = "SIGSTOP of the leader for longer than a lease lives"

	cut   fault = "cut off for 1.5 s"
	split fault = "the network is in two parts for 1.5 s"
	slow  fault = "20 ms slower for 1.5 s"
	clock fault = "a clock that runs at another rate for 1.5 s"

	full           fault = "a full disk"
	syncVote       fault = "a failing fsync at a vote"
	syncAppend     fault = "a failing fsync at an append"
	syncSegment    fault = "a failing fsync at the cut of a segment"
	syncCheckpoint fault = "a failing fsync at a checkpoint"
	swap           fault = "a crash in the middle of taking in a snapshot"
)

// others are the faults besides kills and losses of power.
var others = []fault{cut, swap, pause, full, slow, syncAppend, clock, syncCheckpoint, syncSegment, syncVote, split}

// plan draws what happens, in which order.
func plan(o Options, r *rand.Rand) (all []fault) {
	for range o.Kills {
		all = append(all, kill)
	}
	for i := range o.PowerLosses {
		all = append(all, []fault{power, power, killPower, powerOfAll}[i%4])
	}
	list := others
	if o.Etcd {
		list = append([]fault{stopLong}, others...)
	}
	for i := range o.Others {
		all = append(all, list[i%len(list)])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

const lasts = 1500 * time.Millisecond

// inject does one thing, and undoes it.
func (c *run) inject(ctx context.Context, what fault) error {
	victim := c.victim()
	if what == syncVote {
		victim = c.follower() // the leader is stopped, so that there is something to vote for
	}
	if what == stopLong {
		victim = c.leader(victim)
	}
	text := fmt.Sprintf("member %d: %s", victim, what)
	if what == powerOfAll || what == split {
		text = string(what)
	}
	c.o.Say("%s", text)
	defer c.record.fault(text)()
	c.report.Kinds[string(what)]++
	switch what {
	case kill:
		c.members[victim].Kill()
		c.wait(500 * time.Millisecond)
		return c.start(victim)
	case power:
		return c.loseThePowerOf(victim)
	case killPower:
		// What the killed process had written and not synced is still in the system's memory. The
		// next one finds it, and must not vouch for it before it is synced.
		c.members[victim].Kill()
		if err := c.start(victim); err != nil {
			return err
		}
		c.wait(600 * time.Millisecond)
		return c.loseThePowerOf(victim)
	case powerOfAll:
		return c.loseThePowerOf(c.numbers()...)
	case full:
		return c.fillTheDiskOf(ctx, victim)
	case syncVote, syncAppend, syncSegment, syncCheckpoint:
		return c.failSyncOf(ctx, victim, what)
	case swap:
		return c.crashInSwap(ctx, victim)
	}
	return c.disturb(victim, what)
}

// disturb does something that a member survives.
func (c *run) disturb(victim int, what fault) error {
	switch what {
	case pause, stopLong:
		if err := c.members[victim].Pause(true); err != nil {
			return err
		}
		time.Sleep(lasts)
		if what == stopLong {
			time.Sleep(leaseTTL)
		}
		return c.members[victim].Pause(false)
	case cut:
		return c.faultsFor(victim, transport.Faults{Cut: c.others(victim)}, lasts)
	case split:
		return c.split()
	case slow:
		return c.faultsFor(victim, transport.Faults{Delay: 20 * time.Millisecond}, lasts)
	case clock:
		rate := []float64{0.5, 0.8, 1.25, 2}[c.draws.IntN(4)]
		if err := c.folder.Clock(victim, rate); err != nil {
			c.o.Say("  not done: %v", err)
			return nil
		}
		time.Sleep(lasts)
		return c.folder.Clock(victim, 1)
	}
	return fmt.Errorf("the fault %q is not known", what)
}

// split divides the members into two parts that do not hear each other, for a while. None is empty.
// Of three members it cuts off one; of five it may leave two together that cannot elect anybody,
// and may have a leader among them.
func (c *run) split() error {
	members := c.draws.Perm(len(c.members))
	size := 1 + c.draws.IntN(len(members)-1)
	here, there := members[:size], members[size:]
	c.o.Say("  %v apart from %v", here, there)
	for _, member := range here {
		if err := c.folder.Inject(member, transport.Faults{Cut: there}); err != nil {
			return err
		}
	}
	time.Sleep(lasts)
	for _, member := range here {
		if err := c.folder.Inject(member, transport.Faults{}); err != nil {
			return err
		}
	}
	return nil
}

// victim is the leader every other time: most that can go wrong goes wrong there.
func (c *run) victim() int {
	lead, other := c.draws.IntN(2) == 0, c.draws.IntN(len(c.members))
	if lead {
		return c.leader(other)
	}
	return other
}

// leader is the member that leads, or another one if none does.
func (c *run) leader(other int) int {
	for i := range c.members {
		if s, err := c.folder.Status(i, false); err == nil && s.Leads {
			return i
		}
	}
	return other
}

// follower is a member that does not lead.
func (c *run) follower() int {
	first := c.draws.IntN(len(c.members))
	for i := range c.members {
		at := (first + i) % len(c.members)
		if s, err := c.folder.Status(at, false); err == nil && !s.Leads {
			return at
		}
	}
	return first
}

func (c *run) others(than int) (all []int) {
	for i := range c.members {
		if i != than {
			all = append(all, i)
		}
	}
	return all
}

// wait takes up to a time.
func (c *run) wait(most time.Duration) { time.Sleep(time.Duration(c.draws.Int64N(int64(most)))) }

func (c *run) loseThePowerOf(members ...int) error {
	for _, i := range members {
		go c.members[i].Kill()
	}
	for _, i := range members {
		<-c.members[i].Ended()
	}
	for _, i := range members {
		if err := c.lose(i); err != nil {
			return err
		}
	}
	c.wait(300 * time.Millisecond)
	for _, i := range members {
		if err := c.start(i); err != nil {
			return err
		}
	}
	return nil
}

// lose takes away a random part of what a member, which has ended, had not synced.
func (c *run) lose(member int) error {
	for _, dir := range []string{c.folder.WAL(member), c.folder.MemberDir(member)} {
		sectors, names, err := disk.Lose(dir, c.draws)
		if err != nil {
			return err
		}
		c.report.Sectors += sectors
		c.report.Names += names
	}
	return nil
}

func (c *run) faultsFor(victim int, f transport.Faults, lasts time.Duration) error {
	if err := c.folder.Inject(victim, f); err != nil {
		return err
	}
	time.Sleep(lasts)
	return c.folder.Inject(victim, transport.Faults{})
}
