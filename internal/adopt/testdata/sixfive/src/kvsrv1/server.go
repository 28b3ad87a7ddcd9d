package kvsrv

import (
	"sync"

	"6.5840/kvsrv1/rpc"
	"6.5840/labrpc"
	tester "6.5840/tester1"
)

type KVServer struct {
	mu   sync.Mutex
	data map[string]rpc.Cell
}

func MakeKVServer() *KVServer { return &KVServer{data: map[string]rpc.Cell{}} }

func (kv *KVServer) Get(args *rpc.GetArgs, reply *rpc.GetReply) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	*reply = rpc.Get(kv.data, *args)
}

func (kv *KVServer) Put(args *rpc.PutArgs, reply *rpc.PutReply) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	reply.Err = rpc.Put(kv.data, *args)
}

func (kv *KVServer) Kill() {}

func StartKVServer(ends []*labrpc.ClientEnd, gid tester.Tgid, srv int, persister *tester.Persister) []tester.IService {
	return []tester.IService{MakeKVServer()}
}
