// Package faults is the list of what can be done to machines, each by name and with what undoes it.
// Swarms of the labs and the plans of porcupine-tests/nemesis draw from it; whom a fault hits, they
// draw themselves.
//
//	undo := faults.Crash.On(servers, leader)
//	e.Sleep(time.Second)
//	undo()                                    // restarts it
package faults

import (
	"raftlab/labrpc"
	"raftlab/tester"
	"raftlab/tester/topology"
)

// Machines are what faults are done to. *tester.Cluster, *tester.Servers and *tester.Groups are
// ones.
type Machines interface {
	Env() *tester.Env
	N() int
	Network() *labrpc.Network

	Links(works func(from, to int) bool)
	HealAll()
	Disconnect(is ...int)
	Connect(is ...int)
	Cut(from, to int)
	Heal(from, to int)
	Crash(i int)
	CrashAtPersist(i int, nth int) <-chan struct{}
	Restart(i int)
	Pause(i int)
	Resume(i int)
	Transfer(i, to int) bool
}

// Fault is something that can be done to machines.
type Fault struct {
	Name  string
	Links func(order []int) topology.Links // of a fault of links: who still hears whom
	do    func(m Machines, order []int) (undo func())
}

// On does the fault to machines, in the order of their roles, and returns what undoes it. A fault
// of links replaces all that were there, and its end mends all links.
func (f Fault) On(m Machines, order ...int) (undo func()) {
	if f.Links != nil {
		m.Links(f.Links(order))
		return m.HealAll
	}
	return f.do(m, order)
}

// Faults of links: see package topology. CutOff and OneLink leave other cuts alone.
var (
	Halves = Fault{Name: "halves", Links: topology.Halves}
	Bridge = Fault{Name: "bridge", Links: topology.Bridge}
	Ring   = Fault{Name: "ring", Links: topology.Ring}
	Wide   = Fault{Name: "wide ring", Links: topology.WideRing}
	Star   = Fault{Name: "star", Links: topology.Star}
	Alone  = Fault{Name: "alone", Links: first(topology.Alone)}
	Mute   = Fault{Name: "mute", Links: first(topology.Mute)}
	Deaf   = Fault{Name: "deaf", Links: first(topology.Deaf)}

	// CutOff takes machines off the network.
	CutOff = Fault{Name: "cut off", do: func(m Machines, order []int) func() {
		m.Disconnect(order...)
		return func() { m.Connect(order...) }
	}}
	// OneLink cuts what the first machine sends to the second.
	OneLink = Fault{Name: "one-way cut", do: func(m Machines, order []int) func() {
		m.Cut(order[0], order[1])
		return func() { m.Heal(order[0], order[1]) }
	}}
)

func first(works func(int) topology.Links) func([]int) topology.Links {
	return func(order []int) topology.Links { return works(order[0]) }
}

// Faults of machines. Those that crash restart from what they have persisted.
var (
	Crash = Fault{Name: "crash", do: func(m Machines, order []int) func() {
		for _, i := range order {
			m.Crash(i)
		}
		return func() { restart(m, order) }
	}}
	// Pause has the first machine stand still for others, and then say what it wanted to say.
	Pause = Fault{Name: "pause", do: func(m Machines, order []int) func() {
		m.Pause(order[0])
		return func() { m.Resume(order[0]) }
	}}
)

// CrashWriting crashes the first machine right after the nth write from now, whenever that is.
func CrashWriting(nth int) Fault {
	return Fault{Name: "crash after a write", do: func(m Machines, order []int) func() {
		m.CrashAtPersist(order[0], nth)
		return func() { m.Restart(order[0]) }
	}}
}

func restart(m Machines, order []int) {
	for _, i := range order {
		m.Restart(i)
	}
}

// Transfer is no fault, but as good as one: the first machine is asked to hand its leadership to
// the second.
var Transfer = Fault{Name: "transfer", do: func(m Machines, order []int) func() {
	m.Env().Go(func() { m.Transfer(order[0], order[1]) })
	return func() {}
}}

// Faults of the network as a whole. They hit nobody in particular.
var (
	Loss        = weather("loss", func(n *labrpc.Network, on bool) { n.Reliable(!on) })
	LateReplies = weather("late replies", func(n *labrpc.Network, on bool) { n.LongReordering(on) })
	LongDelays  = weather("long delays", func(n *labrpc.Network, on bool) { n.LongDelays(on) })
	Duplicates  = weather("duplicates", func(n *labrpc.Network, on bool) { n.Duplicates(on) })
	// Slow is late replies and long delays.
	Slow = weather("slow", func(n *labrpc.Network, on bool) { n.LongReordering(on); n.LongDelays(on) })
)

func weather(name string, set func(n *labrpc.Network, on bool)) Fault {
	return Fault{Name: name, do: func(m Machines, _ []int) func() {
		set(m.Network(), true)
		return func() { set(m.Network(), false) }
	}}
}

// Either does the fault, or makes sure that it is not there: for what is drawn anew each time.
func (f Fault) Either(m Machines, on bool) {
	if undo := f.On(m); !on {
		undo()
	}
}
