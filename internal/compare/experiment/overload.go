package experiment

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// overload: what becomes of a service that is asked for more than it can do.
func overload() Experiment {
	return Experiment{
		Name:     "overload",
		Question: "What becomes of a service that is asked for more than it can do?",
		Setup: "The key/value service on `peers` servers, and `offered` writes a second for `during`, whether or not the last ones are through: an open loop, each from a user of its own, who tries " +
			"again until it is done. A server applies an entry in `apply`, so that it can do 500 a second. *limits*: a server refuses while more than `behind` entries are committed and not " +
			"applied. *none* takes everything.",
		Hypothesis: "Below what it can do limits change nothing. Beyond it the backlog, and with it the time until a request is answered, grows as long as the load lasts. With limits what was " +
			"let in is answered soon; the others wait outside, at their clerks. No more is done per second either way.",
		Source: "etcd's server refuses beyond 5,000 entries (maxGapBetweenApplyAndCommitIndex); its library has MaxUncommittedEntriesSize, which the server does not set.",
		LeftOut: "What a refusal costs the server; users who give up, which is what ends an overload. A link that is too slow, on which messages of up to 1 MiB hold up heartbeats, and are sent again: " +
			"etcd has another stream for these.",
		Settings: append([]Setting{
			{"peers", "3", "servers", count},
			{"offered", "400", "writes that come in a second", count},
			{"during", "2s", "how long they come", period},
			{"apply", "2ms", "how long a server is at an entry", delay},
			{"behind", "50", "entries that may wait for it", count},
		}, surroundings("5ms", "0s", "0")...),
		Swept: "offered=300..450..600..900",
		Seeds: "1-2",
		Variants: []Variant{
			{Name: "none"},
			{Name: "limits"},
		},
		Baseline: "none",
		Metrics: []Metric{
			{"done", "per s", "writes that were through while they came", More, true},
			{"answer p99", "ms", "the 99th percentile of the time from a request that was let in to its answer", Less, true},
			{"p99", "ms", "the 99th percentile of the time from when a write was due until its user was through, refusals and pauses included", Less, true},
			{"backlog", "", "the most requests that were on their way and not answered at once", Less, true},
			{"refused", "", "refusals per write", "", false},
			{"terms", "", "by how much the term grew: 0 if the leader stayed", Less, false},
		},
		Run: runOverload,
	}
}

func runOverload(t *Trial) {
	o := kvapi.Options{Raft: t.Peer, MaxBehind: math.MaxInt}
	if t.Variant.Name == "limits" {
		o.MaxBehind = t.Int("behind")
	}
	s := t.NewServers(func(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
		r := &reader{done: make(chan struct{}), pause: t.Duration("apply")}
		slow := o
		slow.Raft = r.peer(o.Raft)
		return r.server(t.KV().Start(ends, me, p, -1, slow))
	}, t.Int("peers"), t.options())
	t.setNetwork(s.Network())
	s.Leader()
	c := &crowd{t: t, s: s}
	t.Sleep(time.Second)
	c.overload()
}

// crowd is users who come whether or not those before them are through.
type crowd struct {
	t    *Trial
	s    *tester.Servers
	came int
	all  []<-chan struct{} // users: closed when they are through

	mu      sync.Mutex
	free    []*visit // those whose users are through
	took    []time.Duration
	inside  int // requests that are not answered
	most    int
	answers []time.Duration // of requests that were let in
	refused int
}

// visit is a client that serves one user after the other. It speaks to the servers as a clerk does,
// and sees each try.
type visit struct {
	client  *tester.Client
	courier func(send func(*labrpc.ClientEnd) (kvapi.Err, bool))
	tries   uint64
}

// overload lets users come for a time, and measures what became of those who were through in that
// time.
func (c *crowd) overload() {
	t := c.t
	term, interval, during := c.s.Term(), time.Second/time.Duration(t.Int("offered")), t.Duration("during")
	began := t.Now()
	for due := began; due < began+during; due += interval {
		t.Sleep(due - t.Now())
		c.come(due)
	}
	c.mu.Lock()
	took, answers, refused, most := slices.Sorted(slices.Values(c.took)), slices.Sorted(slices.Values(c.answers)), c.refused, c.most
	c.mu.Unlock()
	if len(took) == 0 {
		t.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: "no write was through: raise during"})
	}
	t.Measure("done", float64(len(took))/during.Seconds())
	t.Measure("answer p99", milliseconds(percentile(answers, 99)))
	t.Measure("p99", milliseconds(percentile(took, 99)))
	t.Measure("backlog", float64(most))
	t.Measure("refused", float64(refused)/float64(c.came))
	t.Measure("terms", float64(c.s.Term()-term))
	for _, through := range c.all { // nobody comes any more
		if !t.Await(through, time.Minute) {
			t.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: "a user is not through a minute after the last one came"})
		}
	}
}

// come has a user write a key of their own.
func (c *crowd) come(due time.Duration) {
	user := uint64(c.came)
	c.came++
	v := c.place()
	c.all = append(c.all, v.client.Go(func() {
		v.client.Call(func() {
			v.courier(func(server *labrpc.ClientEnd) (kvapi.Err, bool) { return c.try(v, server, user) })
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		c.took = append(c.took, c.t.Now()-due)
		c.free = append(c.free, v)
	}))
}

// try makes one request.
func (c *crowd) try(v *visit, server *labrpc.ClientEnd, user uint64) (kvapi.Err, bool) {
	v.tries++
	began := c.t.Now()
	c.mu.Lock()
	c.inside++
	c.most = max(c.most, c.inside)
	c.mu.Unlock()
	answer, ok := c.t.Insight.Put(server, "key "+strconv.FormatUint(user, 10), user, v.tries)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside--
	switch {
	case !ok || answer == kvapi.ErrWrongLeader:
	case answer == kvapi.ErrTooManyRequests:
		c.refused++
	default:
		c.answers = append(c.answers, c.t.Now()-began)
	}
	return answer, ok
}

// place is a client that nobody uses, or a new one.
func (c *crowd) place() *visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		v := c.free[n-1]
		c.free = c.free[:n-1]
		return v
	}
	client := c.s.NewClient()
	return &visit{client: client, courier: c.t.Insight.Courier(client.Ends())}
}
