// Package lock is a lock in a key.
package lock

import (
	"time"

	"6.5840/kvsrv1/rpc"
	kvtest "6.5840/kvtest1"
)

type Lock struct {
	ck  kvtest.IKVClerk
	key string
	id  string
}

func MakeLock(ck kvtest.IKVClerk, l string) *Lock { return &Lock{ck, l, kvtest.RandValue(8)} }

func (lk *Lock) Acquire() {
	for {
		holder, version, err := lk.ck.Get(lk.key)
		if holder == lk.id {
			return
		}
		if err == rpc.ErrNoKey || holder == "" {
			if lk.ck.Put(lk.key, lk.id, version) == rpc.OK {
				return
			}
			continue
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (lk *Lock) Release() {
	for {
		holder, version, _ := lk.ck.Get(lk.key)
		if holder != lk.id || lk.ck.Put(lk.key, "", version) == rpc.OK {
			return
		}
	}
}
