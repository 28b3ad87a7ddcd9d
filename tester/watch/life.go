package watch

import (
	"sync/atomic"
	"time"
)

// Life is one life of one peer, from a start to a crash or the end of the cluster, as it is
// watched.
type Life struct {
	Peer   int
	Began  time.Duration
	Number int // among all lives of the cluster; Birth gives it

	alive          atomic.Bool  // changes under Checks.mu, so that a check sees an instant before or after a crash
	applied        atomic.Int64 // the highest index applied, or covered by a snapshot
	offered, maybe int          // indices of snapshots that the peer is, or was, asked about (contract.go); under Checks.mu
	snapshots      atomic.Bool  // one was taken, installed, or there to begin with
	since          int          // the latest snapshot that the service began from; the consumer's own
}

// End names a client end of a peer on the network. With the life in it, messages of a zombie can be
// told from those of its successor.
type End struct{ Cluster, From, Life, To int }

// Birth begins a life.
func (k *Checks) Birth(l *Life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.Number = len(k.lives)
	k.lives = append(k.lives, l)
	k.current[l.Peer] = l
	k.states[l.Peer] = state{}
	l.alive.Store(true)
}

// Death ends it: nothing that the peer does from now on is judged.
func (k *Checks) Death(l *Life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.alive.Store(false)
	k.remember(l)
	k.hadBefore[l.Peer] = max(k.hadBefore[l.Peer], k.had[l.Peer])
	k.had[l.Peer] = 0
}

// Alive says whether the life has not ended.
func (l *Life) Alive() bool { return l.alive.Load() }

// Applied is the highest index that the peer has applied in this life, or that a snapshot covers.
func (l *Life) Applied() int { return int(l.applied.Load()) }

// Since is the index of the latest snapshot that the service began from. Only the goroutine that
// consumes the peer's apply channel may ask.
func (l *Life) Since() int { return l.since }

// TakesSnapshot notes that the service hands a snapshot to its peer.
func (l *Life) TakesSnapshot() { l.snapshots.Store(true) }
