// Package kvsrv is a small server on one machine in the form of 2025.
package kvsrv

import (
	"time"

	"6.5840/kvsrv1/rpc"
	kvtest "6.5840/kvtest1"
	tester "6.5840/tester1"
)

type Clerk struct {
	clnt   *tester.Clnt
	server string
}

func MakeClerk(clnt *tester.Clnt, server string) kvtest.IKVClerk { return &Clerk{clnt, server} }

func (ck *Clerk) Get(key string) (string, rpc.Tversion, rpc.Err) {
	for {
		reply := rpc.GetReply{}
		if ck.clnt.Call(ck.server, "KVServer.Get", &rpc.GetArgs{Key: key}, &reply) {
			return reply.Value, reply.Version, reply.Err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (ck *Clerk) Put(key, value string, version rpc.Tversion) rpc.Err {
	for try := 0; ; try++ {
		reply := rpc.PutReply{}
		if ck.clnt.Call(ck.server, "KVServer.Put", &rpc.PutArgs{Key: key, Value: value, Version: version}, &reply) {
			if reply.Err == rpc.ErrVersion && try > 0 {
				return rpc.ErrMaybe
			}
			return reply.Err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
