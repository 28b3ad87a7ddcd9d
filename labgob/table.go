package labgob

import (
	"sync"
	"sync/atomic"
)

// table is a map that grows slowly and is read all the time: what there is to know about types. It
// is replaced as a whole when something is added, so that reading takes no lock. Types are few, and
// live as long as the program.
type table[K comparable, V any] struct {
	current atomic.Pointer[map[K]V]
	adding  sync.Mutex
}

// get returns the value for k, or the zero value.
func (t *table[K, V]) get(k K) (v V, ok bool) {
	if m := t.current.Load(); m != nil {
		v, ok = (*m)[k]
	}
	return v, ok
}

// getOrMake returns the value for k, and makes it if there is none. make must not use the table.
// Try get first where it matters: a call of getOrMake costs the allocation of a function.
func (t *table[K, V]) getOrMake(k K, make func() V) V {
	if v, ok := t.get(k); ok {
		return v
	}
	t.adding.Lock()
	defer t.adding.Unlock()
	if v, ok := t.get(k); ok {
		return v
	}
	next := map[K]V{}
	if old := t.current.Load(); old != nil {
		for k, v := range *old {
			next[k] = v
		}
	}
	v := make()
	next[k] = v
	t.current.Store(&next)
	return v
}
