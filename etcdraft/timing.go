package etcdraft

import (
	"fmt"
	"time"

	"go.etcd.io/raft/v3"

	"raftlab/raftapi"
)

var (
	_ raftapi.LeaderTeller = (*Peer)(nil)
	_ raftapi.Timed        = (*Peer)(nil)
)

// Leader implements [raftapi.LeaderTeller].
func (p *Peer) Leader() (peer int, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return peerOf(p.lead), p.lead != raft.None
}

// SetTiming implements [raftapi.Timed]. The library counts ticks, so both are rounded down to
// those.
func (p *Peer) SetTiming(heartbeat, election time.Duration) error {
	p.mu.Lock()
	config := p.config
	p.mu.Unlock()
	config.HeartbeatTicks, config.ElectionTicks = int(heartbeat/config.Tick), int(election/config.Tick)
	if config.HeartbeatTicks < 1 || config.ElectionTicks <= config.HeartbeatTicks {
		return fmt.Errorf("etcdraft: heartbeats every %v and elections after %v: with ticks of %v there has to be one tick at least, and more for elections", heartbeat, election, config.Tick)
	}
	p.betweenTurns(func() {
		p.config = config
		p.node = config.newNode(p.store, p.applied)
	})
	return nil
}
