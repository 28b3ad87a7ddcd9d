package experiment

import (
	"slices"
	"strings"
	"time"

	"raftlab/tester"
)

// stream is commands that come at an even pace, whether or not the last ones are through: an open
// loop. They go to whoever leads.
//
//	comes       |    |    |    |    |    |
//	committed        '--a-----'--b--'--c-...     a, b, c: how long each took, from the moment when it was to come
//
// A peer whose Start takes long delays the commands behind it, and that counts, since the clock of
// a command starts when it was due.
type stream struct {
	c        *tester.Cluster
	leader   int
	interval time.Duration
	command  string

	due     map[int]time.Duration // when the command at an index was to come; not committed yet
	through int                   // the leader had applied so much when it was asked last

	came, refused int
	most          int             // commands under way at once
	took          []time.Duration // of each that was committed
}

// newStream makes a stream to the present leader, of commands of so many bytes.
func newStream(c *tester.Cluster, interval time.Duration, size int) *stream {
	s := &stream{c: c, leader: c.Leader(), interval: interval, command: strings.Repeat(".", size), due: map[int]time.Duration{}}
	s.through = c.AppliedThrough(s.leader)
	return s
}

// run lets commands come for d.
func (s *stream) run(d time.Duration) {
	env := s.c.Env()
	began, next := env.Now(), env.Now()
	for now := began; now < began+d; now = env.Now() {
		for ; next <= now; next += s.interval {
			s.propose(next)
		}
		s.look()
		env.Sleep(min(s.interval/4, max(next-env.Now(), s.interval/20)))
	}
}

func (s *stream) propose(due time.Duration) {
	s.came++
	index, _, leads := s.c.Propose(s.leader, s.command)
	if !leads {
		s.refused++
		return
	}
	s.due[index] = due
	s.most = max(s.most, len(s.due))
}

// look notes what the leader has applied by now.
func (s *stream) look() {
	now := s.c.Env().Now()
	for through := s.c.AppliedThrough(s.leader); s.through < through; {
		s.through++
		if due, ours := s.due[s.through]; ours {
			s.took = append(s.took, now-due)
			delete(s.due, s.through)
		}
	}
}

// sorted returns how long the commands took that are through.
func (s *stream) sorted() []time.Duration {
	slices.Sort(s.took)
	return s.took
}
