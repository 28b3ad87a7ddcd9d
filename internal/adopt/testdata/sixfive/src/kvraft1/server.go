// Package kvraft is a small replicated service in the form of 2025.
package kvraft

import (
	"bytes"

	"6.5840/kvraft1/rsm"
	"6.5840/kvsrv1/rpc"
	"6.5840/labgob"
	"6.5840/labrpc"
	"6.5840/tester1"
)

type KVServer struct {
	rsm  *rsm.RSM
	data map[string]rpc.Cell
}

func (kv *KVServer) DoOp(req any) any {
	switch req := req.(type) {
	case rpc.GetArgs:
		return rpc.Get(kv.data, req)
	case rpc.PutArgs:
		return rpc.PutReply{Err: rpc.Put(kv.data, req)}
	}
	return nil
}

func (kv *KVServer) Snapshot() []byte {
	w := new(bytes.Buffer)
	labgob.NewEncoder(w).Encode(kv.data)
	return w.Bytes()
}

func (kv *KVServer) Restore(data []byte) {
	kv.data = map[string]rpc.Cell{}
	labgob.NewDecoder(bytes.NewBuffer(data)).Decode(&kv.data)
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

func (kv *KVServer) Kill() {}

func StartKVServer(servers []*labrpc.ClientEnd, gid tester.Tgid, me int, persister *tester.Persister, maxraftstate int) []tester.IService {
	labgob.Register(rpc.PutArgs{})
	labgob.Register(rpc.GetArgs{})
	kv := &KVServer{data: map[string]rpc.Cell{}}
	kv.rsm = rsm.MakeRSM(servers, me, persister, maxraftstate, kv)
	return []tester.IService{kv, kv.rsm.Raft()}
}
