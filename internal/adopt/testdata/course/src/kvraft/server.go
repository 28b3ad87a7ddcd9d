package kvraft

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"6.5840/labgob"
	"6.5840/labrpc"
	"6.5840/raft"
	"6.5840/utils"
)

type KVServer struct {
	mu        sync.Mutex
	me        int
	rf        *raft.Raft
	persister *raft.Persister
	applyCh   chan raft.ApplyMsg
	dead      int32
	limit     int

	index int
	data  map[string]string
	last  map[int64]int
}

func (kv *KVServer) Do(args *Args, reply *Reply) {
	_, term, leads := kv.rf.Start(*args)
	for leads && atomic.LoadInt32(&kv.dead) == 0 {
		kv.mu.Lock()
		if kv.last[args.Client] >= args.Seq {
			reply.Ok, reply.Value = true, kv.data[args.Key]
		}
		kv.mu.Unlock()
		now, still := kv.rf.GetState()
		if reply.Ok || !still || now != term {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (kv *KVServer) apply() {
	for m := range kv.applyCh {
		kv.mu.Lock()
		if m.SnapshotValid {
			kv.restore(m.Snapshot)
		} else if args, ok := m.Command.(Args); ok && m.CommandIndex > kv.index {
			kv.index = m.CommandIndex
			if args.Seq > kv.last[args.Client] {
				kv.last[args.Client] = args.Seq
				switch args.Kind {
				case "put":
					kv.data[args.Key] = args.Value
				case "append":
					kv.data[args.Key] += args.Value
				}
			}
			if kv.limit > 0 && kv.persister.RaftStateSize() >= kv.limit {
				w := new(bytes.Buffer)
				e := labgob.NewEncoder(w)
				e.Encode(kv.index)
				e.Encode(kv.data)
				e.Encode(kv.last)
				kv.rf.Snapshot(kv.index, w.Bytes())
			}
		}
		kv.mu.Unlock()
		if atomic.LoadInt32(&kv.dead) == 1 {
			return
		}
	}
}

func (kv *KVServer) restore(snapshot []byte) {
	kv.data, kv.last = map[string]string{}, map[int64]int{}
	if len(snapshot) > 0 {
		d := labgob.NewDecoder(bytes.NewBuffer(snapshot))
		d.Decode(&kv.index)
		d.Decode(&kv.data)
		d.Decode(&kv.last)
	}
}

func (kv *KVServer) Kill() {
	atomic.StoreInt32(&kv.dead, 1)
	kv.rf.Kill()
}

func StartKVServer(servers []*labrpc.ClientEnd, me int, persister *raft.Persister, maxraftstate int) *KVServer {
	labgob.Register(Args{})
	utils.Log("%d starts", me)
	kv := &KVServer{me: me, persister: persister, limit: maxraftstate, applyCh: make(chan raft.ApplyMsg)}
	kv.restore(persister.ReadSnapshot())
	kv.rf = raft.Make(servers, me, persister, kv.applyCh)
	go kv.apply()
	return kv
}
