package etcdraft_test

import (
	"slices"
	"testing"

	"raftlab/etcdraft"
	"raftlab/kvapi"
	"raftlab/kvraft"
	"raftlab/labrpc"
	"raftlab/labs/lab2"
	"raftlab/labs/lab3"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Lab 2 on etcd's library, natively; go test ./etcdraft -run Lab2/2A runs one part.
func TestLab2(t *testing.T) { lab2.Run(t, etcdraft.Make) }

// Lab 3: the course's key/value service on etcd's library, but for 3E, which is about a lease that
// the library does not have.
func TestLab3(t *testing.T) {
	service := kvraft.Service()
	start := service.Start
	service.Start = func(servers []*labrpc.ClientEnd, me int, p *raftapi.Persister, maxraftstate int, o kvapi.Options) kvapi.Server {
		o.Raft = func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
			return etcdraft.Make(ends, me, p, applyCh)
		}
		return start(servers, me, p, maxraftstate, o)
	}
	lab := lab3.Lab()
	lab.Cases = slices.DeleteFunc(lab.Cases, func(c tester.Case) bool { return c.Part == "3E" })
	tester.Run(t, lab, service)
}
