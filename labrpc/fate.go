package labrpc

import "time"

// Fate is what becomes of one call if somebody else than the weather decides. The zero Fate leaves
// all to the weather.
type Fate struct {
	NoLoss, NoDelay, NoOvertaking, NoDuplicate bool // as on a network that does not know such things

	LoseRequest, LoseReply bool
	Request, Reply         time.Duration // how long each travels, where it is not 0
	Twice                  time.Duration // where it is not 0: the request arrives again, so long after the first time
}

// Fates has f decide what becomes of calls, in place of the weather: it is asked about the n-th
// call from a peer to another when it is made, with the network's lock held, and must not block.
// nil leaves all to the weather.
func (rn *Network) Fates(f func(from, to int, n uint64) Fate) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.fate = f
}

// The questions of a call. Who answers is the weather, unless its fate says otherwise.

// request says how long the request travels, and whether it is lost.
func (c *call) request() (delay time.Duration, lost bool) {
	delay, lost = c.weather.request(c.rn.latency, c.rn.reliable)
	if c.fate.NoDelay {
		delay = c.weather.oneWay(requestDelay, c.rn.latency)
	}
	if c.fate.Request != 0 {
		delay = c.fate.Request
	}
	return delay, lost && !c.fate.NoLoss || c.fate.LoseRequest
}

// returns says the same of the reply.
func (c *call) returns() (delay time.Duration, lost bool) {
	rn, f := c.rn, c.fate
	if f.LoseReply {
		return 0, true
	}
	delay, lost = c.weather.reply(rn.latency, rn.reliable || f.NoLoss, rn.reordering && !f.NoOvertaking)
	if f.Reply != 0 {
		delay = f.Reply
	}
	return delay, lost
}

// again says whether the request arrives a second time, and how long after the first.
func (c *call) again() (delay time.Duration, yes bool) {
	switch {
	case c.fate.Twice != 0:
		return c.fate.Twice, true
	case !c.rn.duplicates || c.rn.once || c.fate.NoDuplicate:
		return 0, false
	}
	return c.weather.again(c.rn.reordering && !c.fate.NoOvertaking)
}

// dead says how soon the caller learns that nobody answers.
func (c *call) dead() time.Duration {
	return c.weather.dead(c.rn.longDelays && !c.fate.NoDelay)
}
