package shardgrp

import (
	"time"

	"6.5840/kvsrv1/rpc"
	"6.5840/shardkv1/shardcfg"
	"6.5840/shardkv1/shardgrp/shardrpc"
	"6.5840/tester1"
)

type Clerk struct {
	clnt    *tester.Clnt
	servers []string
	leader  int
}

func MakeClerk(clnt *tester.Clnt, servers []string) *Clerk {
	return &Clerk{clnt: clnt, servers: servers}
}

func (ck *Clerk) next() {
	if ck.leader = (ck.leader + 1) % len(ck.servers); ck.leader == 0 {
		time.Sleep(30 * time.Millisecond)
	}
}

// rounds is how often all servers are asked before the group may have left for good.
const rounds = 5

// Get returns ErrWrongGroup if nobody answers.
func (ck *Clerk) Get(key string) (string, rpc.Tversion, rpc.Err) {
	for try := 0; try < rounds*len(ck.servers); try++ {
		reply := rpc.GetReply{}
		if ck.clnt.Call(ck.servers[ck.leader], "KVServer.Get", &rpc.GetArgs{Key: key}, &reply) && reply.Err != rpc.ErrWrongLeader {
			return reply.Value, reply.Version, reply.Err
		}
		ck.next()
	}
	return "", 0, rpc.ErrWrongGroup
}

// Put also says whether the write may have been executed although nobody said so.
func (ck *Clerk) Put(key, value string, version rpc.Tversion) (err rpc.Err, maybe bool) {
	for try := 0; try < rounds*len(ck.servers); try++ {
		reply := rpc.PutReply{}
		if ck.clnt.Call(ck.servers[ck.leader], "KVServer.Put", &rpc.PutArgs{Key: key, Value: value, Version: version}, &reply) && reply.Err != rpc.ErrWrongLeader {
			return reply.Err, maybe
		}
		maybe = true
		ck.next()
	}
	return rpc.ErrWrongGroup, maybe
}

func (ck *Clerk) FreezeShard(s shardcfg.Tshid, num shardcfg.Tnum) ([]byte, rpc.Err) {
	reply := ck.ask("KVServer.FreezeShard", &shardrpc.FreezeShardArgs{Shard: s, Num: num})
	return reply.State, reply.Err
}

func (ck *Clerk) InstallShard(s shardcfg.Tshid, state []byte, num shardcfg.Tnum) rpc.Err {
	return ck.ask("KVServer.InstallShard", &shardrpc.InstallShardArgs{Shard: s, State: state, Num: num}).Err
}

func (ck *Clerk) DeleteShard(s shardcfg.Tshid, num shardcfg.Tnum) rpc.Err {
	return ck.ask("KVServer.DeleteShard", &shardrpc.DeleteShardArgs{Shard: s, Num: num}).Err
}

// ask asks until somebody answers.
func (ck *Clerk) ask(method string, args any) shardrpc.Reply {
	for {
		reply := shardrpc.Reply{}
		if ck.clnt.Call(ck.servers[ck.leader], method, args, &reply) && reply.Err != rpc.ErrWrongLeader {
			return reply
		}
		ck.next()
	}
}
