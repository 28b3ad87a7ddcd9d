package shardkv

import (
	"maps"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/shardkv/shardctrler"
)

// task is something that the group has to do by itself, and that ends with an entry in its log:
//
//	kind     asks                               what for             and proposes
//	-------  ---------------------------------  -------------------  ------------
//	know     nobody                             what is committed    nothing: an
//	                                                                 empty entry
//	adopt    the controller                     the next             adopt
//	                                            configuration
//	install  the last owner of a shard          the shard            install
//	settle   the last owner of a shard that     to discard it        settle
//	         is here
//
// What there is to do follows from the machine's state alone, so nothing has to be remembered
// anywhere else: a new leader, or one that has crashed and come back, finds the same tasks. Several
// servers may be at the same one for a while, for an old leader does not know that it is old; the
// log decides whose operation counts, and the others change nothing.
type task struct {
	kind opKind
	move move // install, settle; of adopt, Num is the number of the configuration, and of know the term
}

// know is what a leader has to do first. It does not know how much of its log is committed before
// it has committed something in its own term (§5.4.2), and the group's state is what is known to be
// committed. If clients ask for nothing, and the tasks that follow from the old state are long
// done, that may be never:
//
//	old leader    install (3, 6)   Discard: OK   crashes
//	next leader   install (3, 6)                           Pull (3, 6): ErrNoKey, again and again
const know opKind = "know"

const (
	// moverInterval is the time between two looks at what there is to do, and so between two
	// questions for the next configuration. What the group itself learns wakes the mover at once.
	moverInterval = 100 * time.Millisecond

	// patience is how long one server is waited for before the next one is asked beside it. A call
	// to a server that cannot be reached may take seconds to fail.
	patience = 300 * time.Millisecond
)

// look has the mover look for what there is to do. It does not block.
func (kv *ShardKV) look() {
	select {
	case kv.wake <- struct{}{}:
	default: // it will
	}
}

// runMover is the goroutine that begins tasks, at the group's leader.
func (kv *ShardKV) runMover() {
	ticker := time.NewTicker(moverInterval)
	defer ticker.Stop()
	for {
		select {
		case <-kv.wake:
		case <-ticker.C:
		case <-kv.done:
			return
		}
		term, leads := kv.Raft().GetState()
		if !leads {
			continue
		}
		for _, job := range kv.jobs(term) {
			kv.begin(job)
		}
	}
}

// job is a task and whom to go to.
type job struct {
	task
	source source // install, settle
}

// jobs returns what there is to do for the leader of a term, in the same order everywhere.
func (kv *ShardKV) jobs(term int) (all []job) {
	if !kv.replica.CommitsInTerm(term) {
		all = append(all, job{task: task{know, move{Num: term}}})
	}
	kv.inspect(func(m *machine) {
		for _, from := range sources(maps.Values(m.awaited)) {
			all = append(all, job{task{opInstall, from.Move}, from})
		}
		for _, from := range sources(maps.Values(m.owed)) {
			all = append(all, job{task{opSettle, from.Move}, from})
		}
		if len(m.awaited) == 0 {
			all = append(all, job{task: task{opAdopt, move{Num: m.config.Num + 1}}})
		}
	})
	return all
}

// begin starts a task, unless it is running.
func (kv *ShardKV) begin(j job) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if kv.running[j.task] {
		return
	}
	kv.running[j.task] = true
	go func() {
		kv.run(j)
		kv.mu.Lock()
		defer kv.mu.Unlock()
		delete(kv.running, j.task)
	}()
}

// run does a task, or fails to: then it is still there to be done, when the mover looks next.
func (kv *ShardKV) run(j job) {
	switch j.kind {
	case know:
		kv.replica.CommitInTerm(j.move.Num)
	case opAdopt:
		if config, ok := kv.peek(j.move.Num); ok {
			kv.do(op{kind: opAdopt, config: config})
		}
	case opInstall:
		if contents, ok := kv.pull(j.source); ok {
			kv.do(op{kind: opInstall, move: j.move, contents: contents})
		}
	case opSettle:
		if kv.discardAt(j.source) {
			kv.do(op{kind: opSettle, move: j.move})
		}
	}
}

// peek asks the controller for a configuration.
func (kv *ShardKV) peek(num int) (shardapi.Config, bool) {
	return ask(kv, kv.ctrlers, func(server *labrpc.ClientEnd) (shardapi.Config, bool) {
		var reply shardctrler.QueryReply
		ok := server.Call("ShardCtrler.Peek", &shardctrler.QueryArgs{Num: num}, &reply)
		return reply.Config, ok && reply.Err == kvapi.OK
	})
}

// pull fetches a shard from its last owner.
func (kv *ShardKV) pull(from source) (string, bool) {
	return ask(kv, kv.endsOf(from.Servers), func(server *labrpc.ClientEnd) (string, bool) {
		var reply PullReply
		ok := server.Call("ShardKV.Pull", &PullArgs{Shard: from.Move.Shard, Num: from.Move.Num}, &reply)
		return reply.Contents, ok && reply.Err == kvapi.OK
	})
}

// discardAt has the last owner of a shard discard it. The shard is here, and in the log of this
// group: only then may it be asked.
func (kv *ShardKV) discardAt(from source) bool {
	_, ok := ask(kv, kv.endsOf(from.Servers), func(server *labrpc.ClientEnd) (struct{}, bool) {
		var reply DiscardReply
		ok := server.Call("ShardKV.Discard", &DiscardArgs{Shard: from.Move.Shard, Num: from.Move.Num}, &reply)
		return struct{}{}, ok && reply.Err == kvapi.OK
	})
	return ok
}

func (kv *ShardKV) endsOf(servers []string) []*labrpc.ClientEnd {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	return kv.ends.endsOf(servers)
}

// ask asks each of some servers once, until one has an answer. It begins with the one that had the
// last answer, and goes on when a server says no, and beside it when a server says nothing for
// long:
//
//	server 0   |------------ . . . . . . . .  (cut off)
//	server 1   |    patience |--- no
//	server 2   |             |    |--- yes
//
// It gives up when all have been asked, and the last one has had its time.
func ask[T any](kv *ShardKV, servers []*labrpc.ClientEnd, call func(*labrpc.ClientEnd) (T, bool)) (none T, ok bool) {
	type outcome struct {
		answer T
		ok     bool
	}
	first := kv.firstTurn()
	outcomes := make(chan outcome, len(servers)) // late ones are left in it
	for i := range servers {
		server := servers[(first+i)%len(servers)]
		go func() {
			answer, ok := call(server)
			outcomes <- outcome{answer, ok}
		}()
		next := time.NewTimer(patience)
		select {
		case o := <-outcomes:
			next.Stop()
			if o.ok {
				return o.answer, true
			}
			kv.nextTurn()
		case <-next.C:
			raftapi.Reached("another server asked beside a silent one")
			kv.nextTurn()
		case <-kv.done:
			next.Stop()
			return none, false
		}
	}
	return none, false
}

func (kv *ShardKV) firstTurn() int {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	return kv.turn
}

func (kv *ShardKV) nextTurn() {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	kv.turn++
}
