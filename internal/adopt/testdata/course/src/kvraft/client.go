package kvraft

import (
	"math/rand"
	"time"

	"6.5840/labrpc"
)

type Clerk struct {
	servers []*labrpc.ClientEnd
	client  int64
	seq     int
	leader  int
}

func MakeClerk(servers []*labrpc.ClientEnd) *Clerk {
	return &Clerk{servers: servers, client: rand.Int63()}
}

func (ck *Clerk) do(kind, key, value string) string {
	ck.seq++
	args := Args{kind, key, value, ck.client, ck.seq}
	for {
		reply := Reply{}
		if ck.servers[ck.leader].Call("KVServer.Do", &args, &reply) && reply.Ok {
			return reply.Value
		}
		if ck.leader = (ck.leader + 1) % len(ck.servers); ck.leader == 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (ck *Clerk) Get(key string) string    { return ck.do("get", key, "") }
func (ck *Clerk) Put(key, value string)    { ck.do("put", key, value) }
func (ck *Clerk) Append(key, value string) { ck.do("append", key, value) }
