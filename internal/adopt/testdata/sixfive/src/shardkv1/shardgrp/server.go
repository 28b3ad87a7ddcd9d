// Package shardgrp is a small group of servers in the form of 2025, whose shards are moved by somebody else.
package shardgrp

import (
	"bytes"

	"6.5840/kvraft1/rsm"
	"6.5840/kvsrv1/rpc"
	"6.5840/labgob"
	"6.5840/labrpc"
	"6.5840/shardkv1/shardcfg"
	"6.5840/shardkv1/shardgrp/shardrpc"
	"6.5840/tester1"
)

// Shard is one of all shards, here or elsewhere. Num is the last configuration that moved it to or from here.
type Shard struct {
	Num          shardcfg.Tnum
	Here, Frozen bool
	Data         map[string]rpc.Cell
}

type KVServer struct {
	rsm    *rsm.RSM
	shards [shardcfg.NShards]Shard
}

func (kv *KVServer) DoOp(req any) any {
	switch req := req.(type) {
	case rpc.GetArgs:
		if s := kv.of(req.Key); s.Here && !s.Frozen {
			return rpc.Get(s.Data, req)
		}
		return rpc.GetReply{Err: rpc.ErrWrongGroup}
	case rpc.PutArgs:
		if s := kv.of(req.Key); s.Here && !s.Frozen {
			return rpc.PutReply{Err: rpc.Put(s.Data, req)}
		}
		return rpc.PutReply{Err: rpc.ErrWrongGroup}
	case shardrpc.FreezeShardArgs:
		return kv.freeze(&kv.shards[req.Shard], req.Num)
	case shardrpc.InstallShardArgs:
		return kv.install(&kv.shards[req.Shard], req)
	case shardrpc.DeleteShardArgs:
		return kv.drop(&kv.shards[req.Shard], req.Num)
	}
	return nil
}

func (kv *KVServer) of(key string) *Shard { return &kv.shards[shardcfg.Key2Shard(key)] }

func (kv *KVServer) freeze(s *Shard, num shardcfg.Tnum) shardrpc.Reply {
	if num < s.Num {
		return shardrpc.Reply{Err: rpc.ErrWrongGroup}
	}
	s.Num, s.Frozen = num, true
	w := new(bytes.Buffer)
	labgob.NewEncoder(w).Encode(s.Data)
	return shardrpc.Reply{Err: rpc.OK, State: w.Bytes()}
}

func (kv *KVServer) install(s *Shard, req shardrpc.InstallShardArgs) shardrpc.Reply {
	if req.Num < s.Num {
		return shardrpc.Reply{Err: rpc.ErrWrongGroup}
	}
	if req.Num > s.Num {
		data := map[string]rpc.Cell{}
		labgob.NewDecoder(bytes.NewBuffer(req.State)).Decode(&data)
		*s = Shard{Num: req.Num, Here: true, Data: data}
	}
	return shardrpc.Reply{Err: rpc.OK}
}

func (kv *KVServer) drop(s *Shard, num shardcfg.Tnum) shardrpc.Reply {
	if num < s.Num {
		return shardrpc.Reply{Err: rpc.ErrWrongGroup}
	}
	*s = Shard{Num: num, Data: map[string]rpc.Cell{}}
	return shardrpc.Reply{Err: rpc.OK}
}

func (kv *KVServer) Snapshot() []byte {
	w := new(bytes.Buffer)
	labgob.NewEncoder(w).Encode(kv.shards)
	return w.Bytes()
}

func (kv *KVServer) Restore(data []byte) {
	var shards [shardcfg.NShards]Shard
	labgob.NewDecoder(bytes.NewBuffer(data)).Decode(&shards)
	for i := range shards {
		if shards[i].Data == nil {
			shards[i].Data = map[string]rpc.Cell{}
		}
	}
	kv.shards = shards
}

func (kv *KVServer) Get(args *rpc.GetArgs, reply *rpc.GetReply) {
	err, result := kv.rsm.Submit(*args)
	if reply.Err = err; err == rpc.OK {
		*reply = result.(rpc.GetReply)
	}
}

func (kv *KVServer) Put(args *rpc.PutArgs, reply *rpc.PutReply) {
	err, result := kv.rsm.Submit(*args)
	if reply.Err = err; err == rpc.OK {
		*reply = result.(rpc.PutReply)
	}
}

func (kv *KVServer) FreezeShard(args *shardrpc.FreezeShardArgs, reply *shardrpc.Reply) {
	kv.submit(*args, reply)
}

func (kv *KVServer) InstallShard(args *shardrpc.InstallShardArgs, reply *shardrpc.Reply) {
	kv.submit(*args, reply)
}

func (kv *KVServer) DeleteShard(args *shardrpc.DeleteShardArgs, reply *shardrpc.Reply) {
	kv.submit(*args, reply)
}

func (kv *KVServer) submit(args any, reply *shardrpc.Reply) {
	err, result := kv.rsm.Submit(args)
	if reply.Err = err; err == rpc.OK {
		*reply = result.(shardrpc.Reply)
	}
}

func (kv *KVServer) Kill() {}

func StartServerShardGrp(servers []*labrpc.ClientEnd, gid tester.Tgid, me int, persister *tester.Persister, maxraftstate int) []tester.IService {
	for _, args := range []any{rpc.PutArgs{}, rpc.GetArgs{}, shardrpc.FreezeShardArgs{}, shardrpc.InstallShardArgs{}, shardrpc.DeleteShardArgs{}} {
		labgob.Register(args)
	}
	kv := &KVServer{}
	for i := range kv.shards {
		kv.shards[i] = Shard{Here: gid == shardcfg.Gid1, Data: map[string]rpc.Cell{}}
	}
	kv.rsm = rsm.MakeRSM(servers, me, persister, maxraftstate, kv)
	return []tester.IService{kv, kv.rsm.Raft()}
}
