package nemesis

import (
	"cmp"
	"slices"
	"time"

	"raftlab/porcupine-tests/model"
	"raftlab/tester"
	"raftlab/tester/faults"
	"raftlab/tester/topology"
)

// Machines is what a nemesis works on. *tester.Cluster and *tester.Servers are ones.
type Machines interface {
	faults.Machines
	State(i int) (term int, leader bool)
	Mend()
	Running(i int) bool
	DriftClock(i int, rate float64)
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

// Carry carries the plan out, from now on, until stop says that it is enough or the plan is at its
// end. Then all links work, all servers run, the network is reliable, all clocks go right. It is
// for the case's main goroutine. Restarts take some milliseconds each, so that steps can begin a
// little late.
func (p Plan) Carry(m Machines, stop func() bool) {
	e := m.Env()
	begun := e.Now()
	end := map[int]func(){}         // step -> what ends it
	cut := map[int]topology.Links{} // step -> links that it leaves
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
			end[t.step] = s.begin(m)
		case !s.Fault.ofLinks():
			end[t.step]()
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

// turns are the beginnings and ends of all steps, in order; an end before a beginning at the same
// time.
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
func relink(m Machines, cut map[int]topology.Links) {
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

// kind is the fault of the common list that a step's is.
func (s Step) kind() faults.Fault {
	switch s.Fault {
	case CrashLeader, CrashOne, CrashMinority, CrashAll:
		return faults.Crash
	case CrashWriting:
		return faults.CrashWriting(1 + s.Order[1]%5) // one of its next few writes
	case PauseLeader, PauseOne:
		return faults.Pause
	}
	return map[Fault]faults.Fault{Halves: faults.Halves, Alone: faults.Alone, Bridge: faults.Bridge, Ring: faults.Wide,
		Deaf: faults.Deaf, Mute: faults.Mute, Sides: faults.Halves, Loss: faults.Loss, Slow: faults.Slow,
		Duplicates: faults.Duplicates, Transfer: faults.Transfer}[s.Fault]
}

// begin makes the fault, if it is not one of links, and returns what ends it.
func (s Step) begin(m Machines) (end func()) {
	switch s.Fault {
	case Drift, WildDrift:
		for i, rate := range s.Rates {
			m.DriftClock(i, rate)
		}
		return func() {
			for i := range s.Rates {
				m.DriftClock(i, 1)
			}
		}
	}
	return s.kind().On(m, s.victims(m)...)
}

// victims are the servers that a fault of servers hits.
func (s Step) victims(m Machines) []int {
	switch s.Fault {
	case CrashLeader, PauseLeader:
		return []int{s.leader(m)}
	case Transfer:
		return []int{s.leader(m), s.Order[0]}
	case CrashMinority:
		return s.Order[:minority(len(s.Order))]
	case CrashAll:
		return s.Order
	}
	return s.Order[:1]
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

// leader returns the running server that leads the newest term, of those that the step is about and
// as far as they say; or else the first in the step's order.
func (s Step) leader(m Machines) int {
	leader, newest := s.Order[0], -1
	for _, i := range slices.Sorted(slices.Values(s.Order)) {
		if term, leads := m.State(i); leads && term > newest {
			leader, newest = i, term
		}
	}
	return leader
}
