package etcd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// The modes of auto-compaction, as etcd calls them.
const (
	ModePeriodic = "periodic" // keep what was there a period ago
	ModeRevision = "revision" // keep so many revisions
)

// Compaction says what is compacted without being asked. The zero value is nothing.
type Compaction struct {
	Period    time.Duration // periodic
	Revisions int64         // revision
}

// ParseCompaction reads etcd's flags --auto-compaction-mode and --auto-compaction-retention. A
// retention of 0 is none; a number without a unit is hours in periodic mode.
func ParseCompaction(mode, retention string) (c Compaction, err error) {
	number, notNumber := strconv.ParseInt(retention, 10, 64)
	switch mode {
	case ModeRevision:
		if notNumber != nil || number < 0 {
			return c, fmt.Errorf("a retention of %q: in the mode %s it is a number of revisions, 0 or more", retention, mode)
		}
		return Compaction{Revisions: number}, nil
	case ModePeriodic:
		c.Period = time.Duration(number) * time.Hour
		if notNumber != nil {
			c.Period, err = time.ParseDuration(retention)
		}
		if err != nil || c.Period < 0 {
			return Compaction{}, fmt.Errorf("a retention of %q: in the mode %s it is a number of hours, or a time like 30m", retention, mode)
		}
		return c, nil
	}
	return c, fmt.Errorf("there is no mode %q of auto-compaction; there are %s and %s", mode, ModePeriodic, ModeRevision)
}

// schedule says when, and up to where, a store is compacted. One goroutine uses it.
type schedule interface {
	// every is how long it is between two looks.
	every() time.Duration
	// look is told the time and the newest revision. It returns the revision to be compacted, 0 for
	// none.
	look(now time.Time, revision int64) int64
	// done is told that this revision is compacted.
	done(now time.Time, revision int64)
}

func (c Compaction) schedule(now time.Time, revision int64) schedule {
	switch {
	case c.Period > 0:
		return &periodic{period: c.Period, revisions: []int64{revision}, first: true, last: now}
	case c.Revisions > 0:
		return &byRevision{keep: c.Revisions}
	}
	return nil
}

// periodic keeps what was there a period ago (etcd: server/etcdserver/api/v3compactor/periodic.go).
// It notes the revision ten times in a period, or in an hour if that is shorter, and compacts once
// a period, or an hour, up to the oldest that it has noted. The first compaction comes after a
// whole period.
type periodic struct {
	period    time.Duration
	revisions []int64 // that were noted, up to a period ago; one at least
	first     bool    // nothing has been compacted yet
	last      time.Time
	compacted int64
}

const (
	longest = time.Hour // between two compactions
	looks   = 10        // in that time
)

func (p *periodic) interval() time.Duration { return min(p.period, longest) }

func (p *periodic) every() time.Duration { return max(p.interval()/looks, time.Millisecond) }

func (p *periodic) look(now time.Time, revision int64) int64 {
	oldest := p.revisions[0]
	p.revisions = append(p.revisions, revision)
	if most := int(p.period/p.every()) + 1; len(p.revisions) > most {
		p.revisions = p.revisions[1:]
	}
	wait := p.interval()
	if p.first {
		wait = p.period
	}
	if now.Sub(p.last) < wait || oldest == p.compacted {
		return 0
	}
	return oldest
}

func (p *periodic) done(now time.Time, revision int64) {
	p.first, p.last, p.compacted = false, now, revision
}

// byRevision keeps so many revisions (etcd: v3compactor/revision.go).
type byRevision struct{ keep, compacted int64 }

func (*byRevision) every() time.Duration { return 5 * time.Minute }

func (r *byRevision) look(_ time.Time, revision int64) int64 {
	if upTo := revision - r.keep; upTo > 0 && upTo != r.compacted {
		return upTo
	}
	return 0
}

func (r *byRevision) done(_ time.Time, revision int64) { r.compacted = revision }

// runCompactor is the goroutine that has the store compacted while this member leads: once for all,
// through the log. A member that does not lead notes revisions all the same, so that a new leader
// goes on where the old one was.
func (s *Server) runCompactor(plan schedule) {
	tick := time.NewTicker(plan.every())
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		upTo := plan.look(time.Now(), s.machine.Store.Revision())
		if upTo == 0 || s.leader.Load().member != s.c.Me {
			continue
		}
		r := &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: upTo}}
		err := s.write(context.Background(), r, &pb.CompactionResponse{})
		if err != nil && !errors.Is(err, rpctypes.ErrGRPCCompacted) {
			s.c.Logf("auto-compaction at revision %d: %v; it comes again", upTo, err)
			continue
		}
		s.c.Logf("auto-compaction: what is older than revision %d is gone", upTo)
		plan.done(time.Now(), upTo)
	}
}
