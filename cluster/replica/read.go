package replica

import (
	"context"
	"fmt"
	"time"

	"raftlab/raftapi"
)

// reads are those who wait for a linearizable read. They travel in rounds: all that came while one
// was on its way share the next. Nobody may join a round that has begun, for its index could be too
// old.
type reads struct {
	join chan *reader
}

type reader struct {
	done chan error // gets one
}

func newReads() reads { return reads{make(chan *reader, 4*MaxOps)} }

// indexTries is how often a peer is asked for a read index before the log has to do.
const indexTries = 3

// ReadBarrier returns when this member has applied everything that was answered, by any member,
// before the call. A read of the database after it is linearizable. A leader that has a lease asks
// nobody; otherwise it asks the peer for a read index if that can give one, and goes through the
// log otherwise.
func (s *Server) ReadBarrier(ctx context.Context) error {
	r := &reader{make(chan error, 1)}
	patience := time.NewTimer(s.c.Patience)
	defer patience.Stop()
	select {
	case s.reads.join <- r:
	case <-patience.C:
		return ErrNotExecuted
	case <-s.done:
		return ErrNotExecuted
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C: // a leader that is cut off may know nobody who confirms it
		return ErrNotExecuted
	case <-s.done:
		return ErrNotExecuted
	}
}

// Hurry has this member hear soon of what is committed: a follower hears it with the next heartbeat
// at the latest, but one that somebody reads at is told at once. It does not block.
func (s *Server) Hurry() {
	select {
	case s.reads.join <- &reader{make(chan error, 1)}:
	default: // so many wait that there will be a round anyway
	}
}

// runReader is the goroutine that takes one round after the other.
func (s *Server) runReader() {
	for {
		var round []*reader
		select {
		case r := <-s.reads.join:
			round = append(round, r)
		case <-s.done:
			return
		}
		for more := true; more; {
			select {
			case r := <-s.reads.join:
				round = append(round, r)
			default:
				more = false
			}
		}
		index, err := s.readIndex()
		s.ended.Go(func() { // the next round need not wait until this one is applied
			if err == nil {
				err = s.AwaitApplied(context.Background(), index)
			}
			for _, r := range round {
				r.done <- err
			}
		})
	}
}

// readIndex returns an index that covers everything that has been answered.
func (s *Server) readIndex() (int, error) {
	if peer, ok := s.raft.(raftapi.LeaseReader); ok { // of a peer whose extension is off there is no lease
		if index, ok := peer.LeaseRead(); ok {
			return index, nil
		}
	}
	if peer, ok := s.raft.(raftapi.ReadIndexer); ok {
		for try := range indexTries {
			if index, ok := peer.ReadIndex(); ok {
				return index, nil
			}
			select {
			case <-time.After(time.Duration(try) * roundPause):
			case <-s.done:
				return 0, ErrNotExecuted
			}
		}
	}
	_, index, err := s.Execute(context.Background(), nil)
	if err != nil {
		return 0, fmt.Errorf("a barrier for a read: %w", err)
	}
	return index, nil
}
