package watch

import (
	"fmt"
	"sync/atomic"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/labrpc"
)

// floodPerSecond is how many requests one sender may make within a second of virtual time. Being
// wasteful is no mistake: a leader that sends to six followers every 5 ms makes 1,200, with loops
// that try again a few times as many. What makes more goes round in circles without waiting for
// anything, so that virtual time hardly goes on; watching it would use up the processor and show
// nothing new. Cases that are about waste have limits of their own.
const floodPerSecond = 10_000

// flood counts what the senders of one cluster make in the present second of virtual time. Clients
// are senders as well. From half of the limit on it looks at what is asked, because only then the
// difference between a busy second and a flood is near.
type flood struct {
	most    atomic.Uint64 // that one sender has made in a second
	second  int64
	senders map[int]*torrent
}

// torrent is what one sender has made in this second.
type torrent struct {
	requests int
	asked    map[question]*repetition
	open     map[asking]question // whose replies are noted
}

// question is a request as it can be repeated.
type question struct {
	to           int
	method, args string
}

// asking is one call of the sender.
type asking struct {
	to int
	n  uint64
}

// repetition says how often a question was asked, and what was answered last.
type repetition struct {
	times int
	reply string // empty: nothing yet
}

// sent notes a request, and says whether its sender floods the network; why is empty if it does
// not.
func (f *flood) sent(m *labrpc.Message, now time.Duration) (why string) {
	if second := int64(now / time.Second); second != f.second || f.senders == nil {
		f.second, f.senders = second, map[int]*torrent{}
	}
	t := f.senders[m.From]
	if t == nil {
		t = &torrent{}
		f.senders[m.From] = t
	}
	t.requests++
	if n := uint64(t.requests); n > f.most.Load() {
		f.most.Store(n)
	}
	if t.requests > floodPerSecond/2 {
		t.note(m)
	}
	if t.requests <= floodPerSecond {
		return ""
	}
	return t.story(m.From)
}

// note remembers what is asked.
func (t *torrent) note(m *labrpc.Message) {
	const most = 160
	if t.asked == nil {
		t.asked, t.open = map[question]*repetition{}, map[asking]question{}
	}
	q := question{m.To, m.Method, plain.Value(m.Args, most)}
	if t.asked[q] == nil {
		t.asked[q] = &repetition{}
	}
	t.asked[q].times++
	t.open[asking{m.To, m.N}] = q
}

// ended notes how a call came to its end: with a reply, or lost.
func (f *flood) ended(m *labrpc.Message) {
	const most = 160
	t := f.senders[m.From]
	if t == nil || t.open == nil {
		return
	}
	q, ok := t.open[asking{m.To, m.N}]
	if !ok {
		return
	}
	if m.Kind == labrpc.Replied {
		t.asked[q].reply = plain.Value(m.Reply, most)
	}
}

// story says which request was repeated most, and what its sender was told.
func (t *torrent) story(from int) string {
	var top question
	best := &repetition{}
	for q, r := range t.asked {
		if r.times > best.times || r.times == best.times && q.less(top) {
			top, best = q, r
		}
	}
	reply := "no reply to it has arrived"
	if best.reply != "" {
		reply = "the last reply to it is " + best.reply
	}
	again := fmt.Sprintf("%d of the last %d were the same", best.times, t.requests-floodPerSecond/2)
	if best.times == 1 {
		again = "no two of the last ones were the same; one of them was"
	}
	return fmt.Sprintf("%s made %d requests within a second of virtual time, and %s: %s %s to %s; %s. Does it ask again at once, whatever the answer?",
		record.Who(from), t.requests, again, top.method, top.args, record.Who(top.to), reply)
}

// less orders questions, so that the story does not depend on the order of a map.
func (q question) less(other question) bool {
	if q.to != other.to {
		return q.to < other.to
	}
	return q.method+q.args < other.method+other.args
}
