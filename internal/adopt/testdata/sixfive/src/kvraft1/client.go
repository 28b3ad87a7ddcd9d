package kvraft

import (
	"time"

	"6.5840/kvsrv1/rpc"
	"6.5840/kvtest1"
	"6.5840/tester1"
)

type Clerk struct {
	clnt    *tester.Clnt
	servers []string
	leader  int
}

func MakeClerk(clnt *tester.Clnt, servers []string) kvtest.IKVClerk {
	return &Clerk{clnt: clnt, servers: servers}
}

func (ck *Clerk) next() {
	if ck.leader = (ck.leader + 1) % len(ck.servers); ck.leader == 0 {
		time.Sleep(30 * time.Millisecond)
	}
}

func (ck *Clerk) Get(key string) (string, rpc.Tversion, rpc.Err) {
	for {
		reply := rpc.GetReply{}
		if ck.clnt.Call(ck.servers[ck.leader], "KVServer.Get", &rpc.GetArgs{Key: key}, &reply) && reply.Err != rpc.ErrWrongLeader {
			return reply.Value, reply.Version, reply.Err
		}
		ck.next()
	}
}

func (ck *Clerk) Put(key, value string, version rpc.Tversion) rpc.Err {
	for again := false; ; again = true {
		reply := rpc.PutReply{}
		if ck.clnt.Call(ck.servers[ck.leader], "KVServer.Put", &rpc.PutArgs{Key: key, Value: value, Version: version}, &reply) && reply.Err != rpc.ErrWrongLeader {
			if reply.Err == rpc.ErrVersion && again {
				return rpc.ErrMaybe
			}
			return reply.Err
		}
		ck.next()
	}
}
