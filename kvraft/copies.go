package kvraft

import "sync"

// copies recognizes requests that the network has delivered before, as TCP does with its sequence
// numbers. Sessions do not need that. The versioned Put does, and for a reason that is easily
// missed:
//
//	clerk            server A                  server B
//	  |-- Put, try 1 -->| does not lead
//	  |<- ErrWrongLeader|
//	  |-- Put, try 2 --------------------------->| does not lead any more
//	  |<- ErrWrongLeader ------------------------|
//	  |                 | is elected
//	  |  copy of try 1->| leads: executed!
//	  |-- Put, try 3 -->| ErrVersion
//
// All tries were answered, and the clerk would report a plain ErrVersion for a write that was
// executed. "Not the leader" must mean that the try will never be executed, also when it comes
// again.
//
// A clerk has one try at a time and numbers them, so what is not beyond the highest number is a
// copy. The memory is not replicated and is lost in a crash; so is every request on its way to the
// crashed server. It is bounded: with more than maxClerks clerks the oldest are forgotten, which is
// too late to matter, as copies come within seconds.
type copies struct {
	mu     sync.Mutex
	recent map[uint64]uint64 // highest try, by clerk
	older  map[uint64]uint64 // the recent map of before, when that was full
}

// maxClerks is the size at which a generation of clerks is full.
const maxClerks = 10_000

// isCopy says whether this try, or a later one of the same clerk, has been here before.
func (c *copies) isCopy(clerk, try uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, ok := c.recent[clerk]
	if !ok {
		seen = c.older[clerk]
	}
	if try <= seen {
		return true
	}
	if c.recent == nil || len(c.recent) >= maxClerks {
		c.recent, c.older = map[uint64]uint64{}, c.recent
	}
	c.recent[clerk] = try
	return false
}
