package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"raftlab/cluster/disk"
	"raftlab/cluster/launch"
	"raftlab/cluster/wal"
)

// comesAbout is how long a trouble of a disk may take until a member has it: elections and
// checkpoints have to come about.
const comesAbout = 18 * time.Second

// justNow is how long a member may take to end that has had its trouble just before that was over.
const justNow = 500 * time.Millisecond

// swapSteps are the operations of the disk by which a member opens the room of its snapshots,
// receives one, and takes it in.
const swapSteps = 8

// trouble gives a member's disk a trouble, which over ends.
func (c *run) trouble(member int, room string, t disk.Trouble) (over func() error, err error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	file := c.folder.Trouble(member, room)
	part := file + ".part"
	if err := os.WriteFile(part, b, 0o644); err != nil {
		return nil, err
	}
	return func() error {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}, os.Rename(part, file)
}

// ends waits until a member has ended by itself.
func (c *run) ends(ctx context.Context, member int, within time.Duration) bool {
	select {
	case <-c.members[member].Ended():
		return true
	case <-time.After(within):
	case <-ctx.Done():
	}
	return false
}

// endsYet heals a trouble that has not made a member end so far, and says whether it has ended just
// before. If not, the trouble did not come about, and is counted as missed.
func (c *run) endsYet(ctx context.Context, member int, what fault, heal func() error) (bool, error) {
	if err := heal(); err != nil {
		return false, err
	}
	if c.ends(ctx, member, justNow) {
		return true, nil
	}
	c.report.Missed[string(what)]++
	c.o.Say("  did not come about")
	return false, nil
}

// says makes sure that a member which has ended by itself has said why.
func (c *run) says(member int, what string) error {
	if said := c.folder.Tail(member, 40); !strings.Contains(said, what) {
		return failed("member %d has ended by itself and does not say %q; it said last:\n%s", member, what, c.folder.Tail(member, 12))
	}
	return nil
}

// fillTheDiskOf leaves a member little room. It has to stop, and say so; it must not start while
// there is none, and has to go on when there is.
func (c *run) fillTheDiskOf(ctx context.Context, victim int) error {
	free, err := c.trouble(victim, launch.RoomLog, disk.Trouble{Full: 1 + c.draws.Int64N(60<<10)})
	if err != nil {
		return err
	}
	defer free()
	if !c.ends(ctx, victim, c.o.Patience) {
		return failed("member %d goes on although its disk is full", victim)
	}
	if err := c.says(victim, "the disk is full"); err != nil {
		return err
	}
	if err := c.lose(victim); err != nil {
		return err
	}
	if err := c.start(victim); err != nil {
		return err
	}
	if !c.ends(ctx, victim, c.o.Patience) {
		return failed("member %d has started although its disk is full, and has no reserve", victim)
	}
	if err := errors.Join(c.says(victim, "the disk is full"), free()); err != nil {
		return err
	}
	return c.start(victim)
}

// failSyncOf has an fsync of a member's log fail. It has to stop: what was written is not known any
// more, and some of it is lost.
func (c *run) failSyncOf(ctx context.Context, victim int, what fault) error {
	step := map[fault]string{syncVote: wal.StepVote, syncAppend: wal.StepAppend, syncSegment: wal.StepSegment, syncCheckpoint: wal.StepCheckpoint}[what]
	heal, err := c.trouble(victim, launch.RoomLog, disk.Trouble{Step: step, Op: "sync", After: c.draws.IntN(2)})
	if err != nil {
		return err
	}
	defer heal()
	over := false
	for try := 0; try < 3 && !over; try++ {
		if what == syncVote {
			if err := c.unseat(ctx, victim); err != nil {
				return err
			}
		}
		over = c.ends(ctx, victim, comesAbout/3)
	}
	if !over {
		if over, err = c.endsYet(ctx, victim, what, heal); !over {
			return err
		}
	}
	if err := errors.Join(c.says(victim, "the disk cannot be trusted"), c.lose(victim), heal()); err != nil {
		return err
	}
	return c.start(victim)
}

// unseat stops the leader for longer than an election takes.
func (c *run) unseat(ctx context.Context, but int) error {
	for i, m := range c.members {
		if s, err := c.folder.Status(i, false); err != nil || !s.Leads || i == but {
			continue
		}
		if err := m.Pause(true); err != nil {
			return err
		}
		select {
		case <-time.After(lasts):
		case <-ctx.Done():
		}
		return m.Pause(false)
	}
	return nil
}

// crashInSwap keeps a member away until it needs a snapshot, and crashes it at a random step of
// taking that in.
func (c *run) crashInSwap(ctx context.Context, victim int) error {
	c.members[victim].Kill()
	behind := c.applied(victim)
	for began := time.Now(); time.Since(began) < comesAbout && ctx.Err() == nil && c.compacted() < behind+20; {
		time.Sleep(100 * time.Millisecond)
	}
	heal, err := c.trouble(victim, launch.RoomFiles, disk.Trouble{Crash: true, After: c.draws.IntN(swapSteps)})
	if err != nil {
		return err
	}
	defer heal()
	if err := c.start(victim); err != nil {
		return err
	}
	if !c.ends(ctx, victim, comesAbout/2) {
		if over, err := c.endsYet(ctx, victim, swap, heal); !over {
			return err
		}
	}
	if err := errors.Join(c.lose(victim), heal()); err != nil {
		return err
	}
	return c.start(victim)
}

// compacted is the index up to which all members that run have dropped their logs.
func (c *run) compacted() (index int) {
	for i := range c.members {
		if s, err := c.folder.Status(i, false); err == nil && (index == 0 || s.Snapshot < index) {
			index = s.Snapshot
		}
	}
	return index
}

func (c *run) applied(member int) int {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	return c.watch.newest[member]
}

// loseDisks is the end: a minority's disks are gone for good while the power of all the others
// fails. Those have to serve, with all that was acknowledged; and those that have forgotten their
// votes must not come back.
func (c *run) loseDisks(ctx context.Context) error {
	gone := c.draws.Perm(len(c.members))[:(len(c.members)-1)/2]
	c.o.Say("the disks of %v are lost for good, and the power of all others fails", gone)
	defer c.record.fault("the disks of a minority are lost, the power of the others fails")()
	for _, m := range c.members {
		go m.Kill()
	}
	for _, m := range c.members {
		<-m.Ended()
	}
	for _, i := range gone {
		if err := os.RemoveAll(c.folder.MemberDir(i)); err != nil {
			return err
		}
		c.members[i] = nil
	}
	for _, i := range c.numbers() {
		if err := c.lose(i); err != nil {
			return err
		}
		if err := c.start(i); err != nil {
			return err
		}
	}
	for _, i := range gone {
		if _, err := c.folder.Start(i, "member"); err == nil {
			return failed("member %d, which may have voted and has no memory any more, was let in", i)
		}
	}
	return c.serves(ctx)
}
