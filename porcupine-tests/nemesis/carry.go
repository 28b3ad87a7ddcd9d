package nemesis

import (
	"cmp"
	"slices"
	"time"

	"raftlab/labrpc"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Machines is what a nemesis works on. *tester.Cluster and *tester.Servers are ones.
type Machines interface {
	Env() *tester.Env
	N() int
	Network() *labrpc.Network
	State(i int) (term int, leader bool)

	Links(works func(from, to int) bool)
	HealAll()
	Mend()
	Crash(i int)
	CrashAtPersist(i int, nth int) <-chan struct{}
	Restart(i int)
	Pause(i int)
	Resume(i int)
	Running(i int) bool
	DriftClock(i int, rate float64)
	Transfer(i, to int) bool
}

var (
	_ Machines = (*tester.Cluster)(nil)
	_ Machines = (*tester.Servers)(nil)
	_ Machines = (*tester.Groups)(nil)
)

// turn is the beginning or the end of a step.
type turn struct {
	at   time.Duration
	step int
	ends bool
}

// Carry carries the plan out, from now on, until stop says that it is enough or the plan is at its end. Then
// all links work, all servers run, the network is reliable, all clocks go right. It is for the case's main
// goroutine. Restarts take some milliseconds each, so that steps can begin a little late.
func (p Plan) Carry(m Machines, stop func() bool) {
	e := m.Env()
	begun := e.Now()
	down := map[int][]int{} // step -> servers that it has crashed or paused
	cut := map[int]links{}  // step -> links that it leaves
	for _, t := range p.turns() {
		for wait := begun + t.at - e.Now(); wait > 0; wait = begun + t.at - e.Now() {
			e.Sleep(min(wait, 100*time.Millisecond))
			if stop() {
				p.mend(m)
				return
			}
		}
		s := p[t.step]
		if !t.ends {
			e.Note("%s%s", model.FaultBegins, s)
		}
		switch {
		case !s.Fault.ofLinks() && !t.ends:
			down[t.step] = s.begin(m)
		case !s.Fault.ofLinks():
			s.end(m, down[t.step])
		case !t.ends:
			cut[t.step] = s.works(s.leader(m))
			relink(m, cut)
		default:
			delete(cut, t.step)
			relink(m, cut)
		}
		if t.ends {
			e.Note("%s%s", model.FaultEnds, s)
		}
	}
	p.mend(m)
}

// turns are the beginnings and ends of all steps, in order; an end before a beginning at the same time.
func (p Plan) turns() []turn {
	var all []turn
	for i, s := range p {
		all = append(all, turn{s.From, i, false}, turn{s.To, i, true})
	}
	slices.SortStableFunc(all, func(a, b turn) int {
		if a.step == b.step {
			return 0 // the beginning comes first already
		}
		ends := func(t turn) int {
			if t.ends {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(ends(a), ends(b)))
	})
	return all
}

// relink leaves the links that all faults leave.
func relink(m Machines, cut map[int]links) {
	if len(cut) == 0 {
		m.HealAll()
		return
	}
	m.Links(func(from, to int) bool {
		for _, works := range cut {
			if !works(from, to) {
				return false
			}
		}
		return true
	})
}

// begin makes the fault, if it is not one of links, and returns the servers that it crashed or paused.
func (s Step) begin(m Machines) (hit []int) {
	net := m.Network()
	crash := func(is ...int) {
		for _, i := range is {
			m.Crash(i)
		}
		hit = is
	}
	pause := func(i int) {
		m.Pause(i)
		hit = []int{i}
	}
	switch s.Fault {
	case CrashLeader:
		crash(s.leader(m))
	case CrashOne:
		crash(s.Order[0])
	case CrashMinority:
		crash(s.Order[:minority(len(s.Order))]...)
	case CrashAll:
		crash(s.Order...)
	case CrashWriting:
		m.CrashAtPersist(s.Order[0], 1+s.Order[1]%5) // one of its next few writes
		hit = s.Order[:1]
	case PauseLeader:
		pause(s.leader(m))
	case PauseOne:
		pause(s.Order[0])
	case Loss:
		net.Reliable(false)
	case Slow:
		net.LongReordering(true)
		net.LongDelays(true)
	case Duplicates:
		net.Duplicates(true)
	case Drift, WildDrift:
		for i, rate := range s.Rates {
			m.DriftClock(i, rate)
		}
	case Transfer:
		leader := s.leader(m)
		m.Env().Go(func() { m.Transfer(leader, s.Order[0]) })
	}
	return hit
}

// end mends what begin did.
func (s Step) end(m Machines, hit []int) {
	net := m.Network()
	switch s.Fault {
	case Loss:
		net.Reliable(true)
	case Slow:
		net.LongReordering(false)
		net.LongDelays(false)
	case Duplicates:
		net.Duplicates(false)
	case Drift, WildDrift:
		for i := range s.Rates {
			m.DriftClock(i, 1)
		}
	case CrashLeader, CrashOne, CrashMinority, CrashAll, CrashWriting:
		for _, i := range hit {
			m.Restart(i)
		}
	case PauseLeader, PauseOne:
		m.Resume(hit[0])
	}
}

// mend undoes whatever the plan can have done.
func (p Plan) mend(m Machines) {
	m.Env().Note("all faults end")
	m.Mend()
	if slices.ContainsFunc(p, func(s Step) bool { return s.Rates != nil }) {
		for i := range m.N() {
			m.DriftClock(i, 1)
		}
	}
}

// leader returns the running server that leads the newest term, of those that the step is about and as far as they
// say; or else the first in the step's order.
func (s Step) leader(m Machines) int {
	leader, newest := s.Order[0], -1
	for _, i := range slices.Sorted(slices.Values(s.Order)) {
		if term, leads := m.State(i); leads && term > newest {
			leader, newest = i, term
		}
	}
	return leader
}
