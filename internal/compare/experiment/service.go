package experiment

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// service is the key/value service on the peers under comparison, and its users.
type service struct {
	*tester.Servers
	t       *Trial
	options kvapi.Options
	value   int // bytes of a value
	users   []*user
}

// newService starts n servers. If the peer cannot do what the variant's read path needs it notes
// that and returns nil.
func (t *Trial) newService(n int) *service {
	s := &service{t: t, value: t.Int("value"), options: kvapi.Options{
		Reads: t.Variant.Reads, Raft: t.Peer, Extensions: t.Variant.Extensions}}
	if missing := s.lacks(n); missing != nil {
		why := "it has no " + missing.Write
		if said, ok := strings.CutPrefix(missing.Write, "what its Extend misses: "); ok {
			why = "its Extend says: " + said
		}
		lacks := raftapi.ReadIndex
		if t.Variant.Reads == kvapi.ReadLease {
			lacks = raftapi.Lease
		}
		t.Lack("no "+lacks, why)
		return nil
	}
	s.Servers = t.NewServers(func(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
		return t.KV().Start(ends, me, p, -1, s.options)
	}, n, t.options())
	t.setNetwork(s.Network())
	return s
}

// lacks starts a server that reaches nobody, to see whether it can be.
func (s *service) lacks(n int) (missing *kvapi.MissingExtension) {
	defer func() {
		var ok bool
		if p := recover(); p == nil {
			return
		} else if missing, ok = p.(*kvapi.MissingExtension); !ok {
			panic(p)
		}
	}()
	ends, cleanup := nowhere(n)
	defer cleanup()
	s.t.KV().Start(ends, 0, raftapi.MakePersister(), -1, s.options).Kill()
	return nil
}

// user is somebody who reads what all users write, and writes a key of their own.
type user struct {
	s      *service
	client *tester.Client
	clerk  kvapi.ClassicClerk
	rand   *rand.Rand
	key    string

	mu      sync.Mutex
	written int // the number of the last value that is certain to be there

	reads, writes []time.Duration // how long they took
	stale         int             // reads that did not show a write which was over before they began
}

// hire makes n users, who find the leader, write once and read once.
func (s *service) hire(n int) {
	for i := range n {
		client := s.NewClient()
		s.users = append(s.users, &user{s: s, client: client, clerk: s.clerk(client),
			rand: s.t.Fork(fmt.Sprintf("user %d", i)), key: fmt.Sprintf("key %d", i)})
	}
	s.everyone(func(u *user) {
		u.write()
		u.read(u)
	})
	for _, u := range s.users {
		u.reads, u.stale = nil, 0
	}
}

// clerk makes a client's clerk.
func (s *service) clerk(client *tester.Client) (clerk kvapi.ClassicClerk) {
	if s.t.Insight != nil { // this project's own has no package variables that change
		return classic(s.t.KV(), client.Ends(), s.options)
	}
	client.Make(func() { clerk = classic(s.t.KV(), client.Ends(), s.options) })
	return clerk
}

// everyone has all users do something at the same time, and waits for them.
func (s *service) everyone(do func(*user)) {
	var all []<-chan struct{}
	for _, u := range s.users {
		all = append(all, u.client.Go(func() { do(u) }))
	}
	for _, done := range all {
		if limit := 30 * time.Minute; !s.t.Await(done, limit) {
			s.t.Fail(tester.Violation{Rule: tester.RuleTooSlow, Message: fmt.Sprintf("a user is not through after %v", limit)})
		}
	}
}

// write writes the next value of the user's key: a number, filled up to the size of a value.
func (u *user) write() {
	u.mu.Lock()
	next := u.written + 1
	u.mu.Unlock()
	text := strconv.Itoa(next) + " "
	text += strings.Repeat(".", max(0, u.s.value-len(text)))
	began := u.s.t.Now()
	u.client.Call(func() { u.clerk.Put(u.key, text) })
	u.writes = append(u.writes, u.s.t.Now()-began)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.written = next
}

// read reads the key of another user, or the own.
func (u *user) read(of *user) {
	of.mu.Lock()
	least := of.written
	of.mu.Unlock()
	began := u.s.t.Now()
	var text string
	u.client.Call(func() { text = u.clerk.Get(of.key) })
	u.reads = append(u.reads, u.s.t.Now()-began)
	number, _, _ := strings.Cut(text, " ")
	if n, _ := strconv.Atoi(number); n < least { // no text at all is 0
		u.stale++
	}
}

// someone is a user, drawn.
func (u *user) someone() *user { return u.s.users[u.rand.IntN(len(u.s.users))] }

// costs returns what the servers have done so far.
func (s *service) costs() costs { return s.t.costs(s, s.PeerRPCs(), s.PeerBytes()) }
