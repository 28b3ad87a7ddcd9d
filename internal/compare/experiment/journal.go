package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// journal is what can be seen of a shard that moves, from outside of the service: when a Raft peer
// of a group first hands over an entry that belongs to a move, and what servers send to each other.
//
//	old owner    adopt 6 |------------------ without service -------------------.
//	                     |                                                       |
//	new owner            |  waiting  | Peek    |  adopt 6  | Pull   |  install 0 6|    settle 0 6
//	                                                       |------ travel -------|
//
// The new owner may as well be the first to adopt 6. Then it asks in vain, and waits for its mover,
// before the last Pull.
type journal struct {
	now     func() time.Duration
	insight *Insight // nil: answers say nothing

	mu      sync.Mutex
	first   map[step]time.Duration // of the servers of the group
	inside  tally                  // within groups and controller
	between tally                  // from group to group

	// Of the present move:
	open    map[call]time.Duration // from group to group or controller, not answered yet: when they began
	tasks   []span                 // what a group was busy with: calls, and entries that follow from them
	told    [3]time.Duration       // when a group was told the newest configuration
	pulled  time.Duration          // when the Pull began that was answered with the shard
	brought time.Duration          // ... and ended
}

// span is a time in which a group is not idle.
type span struct {
	group       int
	from, until time.Duration
}

// step is an entry in the log of a group: adopt, install, discard or settle, and the number of the
// configuration.
type step struct {
	group int
	what  string
	num   int
}

// call names a call.
type call struct {
	from, to int
	n        uint64
}

// tally counts messages.
type tally struct {
	rpcs  int
	bytes int64 // requests, and replies that arrived
}

func (t *tally) count(m *labrpc.Message) {
	switch m.Kind {
	case labrpc.Sent:
		t.rpcs++
		t.bytes += int64(m.Bytes)
	case labrpc.Replied:
		t.bytes += int64(m.Bytes)
	}
}

func newJournal(now func() time.Duration, insight *Insight) *journal {
	return &journal{now: now, insight: insight, first: map[step]time.Duration{}, open: map[call]time.Duration{}}
}

// begin is before a move.
func (j *journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tasks = nil
}

// message hears of a message between servers.
func (j *journal) message(m *labrpc.Message, from, to int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case from == to:
		j.inside.count(m)
		return
	case to != 0:
		j.between.count(m)
	}
	name, now := call{m.From, m.To, m.N}, j.now()
	switch m.Kind {
	case labrpc.Sent:
		j.open[name] = now
	case labrpc.Replied:
		j.answered(m, span{from, j.open[name], now})
		delete(j.open, name)
	}
}

// answered hears of the answer to a call.
func (j *journal) answered(m *labrpc.Message, s span) {
	j.tasks = append(j.tasks, s)
	if j.insight == nil {
		return
	}
	told, brought := j.insight.Reply(m.Reply)
	if told {
		j.told[s.group] = s.until
	}
	if brought {
		j.pulled, j.brought = s.from, s.until
	}
}

// entry hears of an entry that a peer of a group has handed to its service.
func (j *journal) entry(group int, command any) {
	text, _ := command.(string)
	s, ok := stepOf(group, text)
	if !ok {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, known := j.first[s]; !known {
		j.first[s] = j.now()
	}
}

// stepOf reads an entry, as rsm and shardkv write them:
//
//	do 3k9xq1 adopt {"Num":6,...
//	do b02vvd install 0 6 ...
func stepOf(group int, text string) (s step, ok bool) {
	words := strings.SplitN(text, " ", 6)
	if len(words) < 4 || words[0] != "do" {
		return s, false
	}
	s = step{group: group, what: words[2]}
	var err error
	switch s.what {
	case "adopt":
		_, err = fmt.Sscanf(words[3], `{"Num":%d,`, &s.num)
	case "install", "discard", "settle":
		s.num, err = strconv.Atoi(words[4])
	default:
		return s, false
	}
	if err != nil {
		panic(fmt.Sprintf("experiment: cannot read %.60q: %v", text, err))
	}
	return s, true
}

func (j *journal) has(s step) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.first[s]
	return ok
}

// journey is how long a move took.
type journey struct {
	without time.Duration // service: from the old owner's adopt to the new owner's install
	waiting time.Duration // of that: in which the new owner neither asked anybody nor wrote what it had heard
	travel  time.Duration // of that: from the request for the shard to the install
}

// journey returns how long a move took that is over.
func (j *journal) journey(from, to, num int) journey {
	j.mu.Lock()
	defer j.mu.Unlock()
	left, served := j.first[step{from, "adopt", num}], j.first[step{to, "install", num}]
	busy := []span{{to, j.told[to], j.first[step{to, "adopt", num}]}, {to, j.brought, served}}
	for _, s := range j.tasks {
		if s.group == to {
			busy = append(busy, s)
		}
	}
	return journey{without: served - left, waiting: uncovered(busy, left, served), travel: served - j.pulled}
}

// uncovered is how much of a time no span covers.
func uncovered(spans []span, from, until time.Duration) (d time.Duration) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range spans {
		d += max(0, min(s.from, until)-from)
		from = max(from, s.until)
	}
	return d + max(0, until-from)
}

// traffic returns what has been sent so far.
func (j *journal) traffic() (inside, between tally) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inside, j.between
}

// reader stands between a peer and its service, and tells the journal what passes.
type reader struct {
	log   *journal      // may be nil
	pause time.Duration // between two entries: a service that is slow to apply
	group int
	done  chan struct{}
	stop  sync.Once
	kvapi.Server
}

// peer makes peers that hand entries to a reader.
func (r *reader) peer(newPeer raftapi.MakeFunc) raftapi.MakeFunc {
	return func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		from := make(chan raftapi.ApplyMsg)
		go r.read(from, applyCh)
		return newPeer(ends, me, p, from)
	}
}

func (r *reader) read(from <-chan raftapi.ApplyMsg, to chan<- raftapi.ApplyMsg) {
	for {
		select {
		case m := <-from:
			select {
			case to <- m:
				if r.log != nil {
					r.log.entry(r.group, m.Command)
				}
				time.Sleep(r.pause)
			case <-r.done:
				return
			}
		case <-r.done:
			return
		}
	}
}

// server is the service's server, whose end is the reader's.
func (r *reader) server(s kvapi.Server) kvapi.Server {
	r.Server = s
	return r
}

// Kill implements kvapi.Server.
func (r *reader) Kill() {
	r.stop.Do(func() { close(r.done) })
	r.Server.Kill()
}
