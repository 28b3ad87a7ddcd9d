package kit

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Machines are what a bench needs of those under test. *tester.Cluster and *tester.Servers are
// ones.
type Machines interface {
	Env() *tester.Env
	N() int
	State(i int) (term int, leader bool)
	Crash(i int)
	Restart(i int)
}

// Bench is the machines of a case, and what cases do to any machines. It is for the case's main
// goroutine. All that it draws comes from the case's random numbers.
type Bench struct {
	m    Machines
	last int // number of the last value; no two are equal
}

// On is a bench for machines.
func On(m Machines) Bench { return Bench{m: m} }

// Fail ends the case. The violation is about the given machines, or about none in particular.
func (b *Bench) Fail(rule tester.Rule, machines []int, format string, args ...any) {
	b.m.Env().Fail(tester.Violation{Rule: rule, Message: fmt.Sprintf(format, args...), Peers: machines})
}

// Value returns a value that was never used before in this run.
func (b *Bench) Value() string {
	b.last++
	return ValueOf(b.last)
}

// Values sets n numbers of values aside, which are used nowhere else, and returns the first.
func (b *Bench) Values(n int) (first int) {
	first = b.last + 1
	b.last += n
	return first
}

// Used is how many numbers of values have been given away.
func (b *Bench) Used() int { return b.last }

// ValueOf is value number n.
func ValueOf(n int) string { return model.Value(strconv.Itoa(n)) }

// Others returns the machines, without the given ones.
func (b *Bench) Others(but ...int) []int {
	var rest []int
	for i := range b.m.N() {
		if !slices.Contains(but, i) {
			rest = append(rest, i)
		}
	}
	return rest
}

// Shuffled returns the machines without the given ones, in an order drawn from the seed.
func (b *Bench) Shuffled(but ...int) []int { return b.Mixed(b.Others(but...)) }

// Mixed returns the given machines in an order drawn from the seed.
func (b *Bench) Mixed(machines []int) []int {
	order := slices.Clone(machines)
	b.m.Env().Rand().Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// AnyLeader returns a machine that believes it leads, or any machine.
func (b *Bench) AnyLeader() int { return b.LeaderIn(b.Others()) }

// LeaderIn is AnyLeader for some of the machines.
func (b *Bench) LeaderIn(machines []int) int {
	order := b.Mixed(machines)
	for _, i := range order {
		if _, leads := b.m.State(i); leads {
			return i
		}
	}
	return order[0]
}

// CrashAll crashes these machines, in an order drawn from the seed.
func (b *Bench) CrashAll(machines []int) {
	for _, i := range b.Mixed(machines) {
		b.m.Crash(i)
	}
}

// RestartAll restarts these machines, in an order drawn from the seed.
func (b *Bench) RestartAll(machines []int) {
	for _, i := range b.Mixed(machines) {
		b.m.Restart(i)
	}
}

// Idle lets a random time of at most d go by.
func (b *Bench) Idle(d time.Duration) {
	e := b.m.Env()
	e.Sleep(time.Duration(e.Rand().Int64N(int64(d) + 1)))
}

// Until waits until what happens, at most for d, and reports whether it did.
func (b *Bench) Until(d time.Duration, what func() bool) bool {
	const poll = 10 * time.Millisecond
	e := b.m.Env()
	for end := e.Now() + d; ; e.Sleep(poll) {
		if what() {
			return true
		}
		if e.Now() >= end {
			return false
		}
	}
}

// NoSnapshot says that a server has none where one is due. If its log is short all the same, it may
// have been cut, and the snapshot lost.
func NoSnapshot(server, bytes, maxraftstate int) string {
	what := fmt.Sprintf("server %d has persisted %d bytes of Raft state with maxraftstate %d, and still no snapshot", server, bytes, maxraftstate)
	if bytes < maxraftstate {
		what += "; a log so short either lacks commands or was cut, and then the snapshot is lost: to save the state with nil for the snapshot clears it"
	}
	return what
}
