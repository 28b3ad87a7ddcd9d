package kvraft

import (
	"fmt"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// replica is rsm by itself, with a machine of somebody else's on it: what lab rsm tests.
//
//	Submit(op)              DoOp(op)
//	   |                       ^
//	   v                       |
//	replica -> rsm.RSM -> guest (rsm.Machine)
type replica struct {
	*rsm.RSM[any, any]
}

// guest is a machine as rsm wants it.
type guest struct{ kvapi.Machine }

func (g guest) Apply(op any) any { return g.DoOp(op) }

func (g guest) Restore(snapshot []byte) error {
	g.Machine.Restore(snapshot)
	return nil
}

// replicate starts a replica. Types of operations have to be known to labgob.
func replicate(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate int, m kvapi.Machine) kvapi.Replica {
	if m == nil {
		panic(fmt.Sprintf("kvraft: replica %d has no machine", me))
	}
	return replica{rsm.New(rsm.Config[any, any]{
		Servers: servers, Me: me, Persister: persister, Make: reference, MaxRaftState: maxraftstate,
		Machine: guest{m},
	})}
}

// Services implements kvapi.Server: there is nothing to ask but the peer.
func (r replica) Services() []any { return []any{r.Raft()} }

// Submit implements kvapi.Replica. There is no session: an operation is proposed once.
func (r replica) Submit(op any) (kvapi.Err, any) {
	result, err := r.Do(op)
	return rsm.Answer(err), result
}
