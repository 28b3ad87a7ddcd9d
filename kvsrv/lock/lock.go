// Package lock makes locks out of a key/value service with versions. A lock is a key; its value
// says who holds it:
//
//	""            nobody; a key that does not exist says the same
//	"5f0c..."     the Acquire that drew this number
//
//	client A                     key, version             client B
//	  Get -> "", 4                 ""      4
//	  Put "a1" if 4 -> OK          "a1"    5
//	                               "a1"    5                Get -> "a1": held; look again later
//	  Put "" if 5   -> OK          ""      6
//	                               ""      6                Get -> "", 6
//	                               "b7"    7                Put "b7" if 6 -> OK
//
// What makes it work when answers are lost is that each Acquire puts a number of its own. After
// ErrMaybe the value tells whether the Put was carried out. A mark that all share ("taken") would
// tell nothing, for it might be another's.
package lock

import (
	"math/rand/v2"
	"strconv"
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
)

// Lock is a client's handle of a lock. It serves one goroutine at a time.
type Lock struct {
	ck  kvapi.VersionedClerk
	key string

	held kvapi.Version // of the key, while this handle holds the lock
}

var _ kvapi.Lock = (*Lock)(nil)

// free is the value of a lock that nobody holds.
const free = ""

// wait is how long a client leaves a lock alone that another one holds. Half of it and up to as
// much again is drawn by chance each time, so that those who wait do not come all at once.
const wait = 20 * time.Millisecond

// MakeLock returns a handle of the lock that is called name. It asks nothing of the server yet.
func MakeLock(ck kvapi.VersionedClerk, name string) *Lock { return &Lock{ck: ck, key: name} }

// Acquire implements [kvapi.Lock].
func (l *Lock) Acquire() {
	me := strconv.FormatUint(rand.Uint64(), 16)
	for {
		holder, version, _ := l.ck.Get(l.key) // version 0 if there is no such key
		switch {
		case holder == me:
			raftapi.Reached("lock taken by an unanswered try")
			l.held = version
			return
		case holder != free:
			raftapi.Reached("lock was held")
			time.Sleep(wait/2 + rand.N(wait))
			continue
		}
		switch l.ck.Put(l.key, me, version) {
		case kvapi.OK:
			l.held = version + 1
			return
		case kvapi.ErrVersion:
			raftapi.Reached("lock was snatched")
		case kvapi.ErrMaybe:
			// The next look tells.
		}
	}
}

// Release implements [kvapi.Lock]. As long as the lock is held nobody else writes the key. So if
// the Put is answered ErrMaybe, its first try has given the lock back, and somebody may have it by
// now: it must not be given back again.
func (l *Lock) Release() {
	if l.ck.Put(l.key, free, l.held) == kvapi.ErrMaybe {
		raftapi.Reached("lock given back by an unanswered try")
	}
}
