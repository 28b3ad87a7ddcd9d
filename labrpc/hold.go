package labrpc

import "time"

// holds are the peers that are held, and for each what is to go on when it is not held any more, in
// order.
type holds map[int][]func()

// Hold pauses a peer as far as others can see: what it sends stays with it, and what it is sent,
// requests and replies alike, waits at its door. Nothing is lost for that reason. Whatever travels
// already goes on to its end, and other peers notice nothing but silence. It concerns ends made
// with [Network.MakeEdge].
//
//	peer 0   Hold            Release
//	  |       |                 |
//	  |--req--|---------------->|- - - - ->       sent while held: leaves when released
//	  <- - - -|-----------------|<--req           arrives while held: handled when released
//	  |--req->|                 |                 sent before: arrives
//
// The peer's own goroutines are not stopped, only their words: a peer that is held works on timers
// that go off, as one does whose process was stopped (SIGSTOP) and finds them all expired; but it
// does so at once, and can do more than one thing after the other.
func (rn *Network) Hold(peer int) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if _, held := rn.holds[peer]; !held && !rn.closed {
		rn.holds[peer] = nil
	}
}

// Release ends a Hold. What has waited goes on at this instant, in the order in which it came.
func (rn *Network) Release(peer int) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.release(peer)
}

func (rn *Network) release(peer int) {
	waiting := rn.holds[peer]
	delete(rn.holds, peer)
	for _, goOn := range waiting {
		goOn()
	}
}

// heldUp says whether a peer is held; if so, goOn is called when it is released. rn.mu is held,
// also then.
func (rn *Network) heldUp(peer int, goOn func()) bool {
	waiting, held := rn.holds[peer]
	if held {
		rn.holds[peer] = append(waiting, goOn)
	}
	return held
}

// leaves sends a request on its way, which takes so long, or lets it wait if the peer that sends it
// is held.
func (c *call) leaves(delay time.Duration) {
	descend(c.weather.kin(travelling, c.duplicate))
	c.arrival = time.AfterFunc(delay, c.arrive)
	if c.rn.heldUp(c.edge.from, func() { c.arrival.Reset(delay) }) {
		c.arrival.Stop()
	}
}
