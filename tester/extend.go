package tester

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/scenario"
	"raftlab/raftapi"
)

// With returns the extensions that the whole run was asked to have: `raftlab test --with prevote`,
// or natively the flag -with. NewCluster switches them on; for [Servers] the case hands them on.
func (e *Env) With() []string { return slices.Clone(e.r.params.With) }

// extensionsOf returns the extensions that peer i is to have. Those that the case asks for are
// required.
func (c *machines) extensionsOf(i int) (all []string, required bool) {
	if of := c.options.ExtensionsOf; of != nil {
		all = slices.Clone(of(i)) // the peer is given it, and may change it
		return all, len(all) > 0
	}
	all = slices.Clone(c.options.Extensions)
	required = len(all) > 0
	return raftapi.AddExtensions(all, c.r.params.With...), required
}

// offers asks a peer whether it has an extension.
func (l *life) offers(peer raftapi.Raft, name string) (yes bool) {
	if _, ok := peer.(raftapi.Extensible); !ok {
		return false
	}
	l.c.r.into("HasExtension", l.Peer, l.as(func() { yes = raftapi.Offers(peer, name) }))
	return yes
}

// extend switches the extensions of a new peer on, before anybody can reach it.
func (c *machines) extend(l *life, peer raftapi.Raft) {
	i := l.Peer
	names, required := c.extensionsOf(i)
	if entries := c.options.CatchUp; entries > 0 && l.offers(peer, raftapi.CatchUp) {
		names = raftapi.AddExtensions(names, raftapi.KeepEntries(entries, catchUpBytes))
	}
	if len(names) == 0 {
		return
	}
	list := strings.Join(names, ", ")
	x, ok := peer.(raftapi.Extendable)
	if !ok {
		if required {
			c.r.violate(Violation{Rule: RuleMissing, Message: fmt.Sprintf(
				"the case needs peers with %s, but %T has no method Extend(names ...string) error (raftapi.Extendable) to switch that on", list, peer)})
			return
		}
		c.r.warn(fmt.Sprintf("%T has no method Extend: it runs without %s", peer, list))
		return
	}
	var err error
	c.r.into("Extend", i, l.as(func() { err = x.Extend(names...) }))
	if err != nil {
		c.r.lacks(Violation{Rule: RuleMissing, Peers: []int{i}, Message: fmt.Sprintf("peer %d cannot switch %s on: %s", i, list, told(err))}, unavailable(err))
	}
}

// DriftClock makes the clock of peer i run at rate, in this and all later lives: a second of the
// peer's takes 1/rate seconds. It fails the case with RuleMissing if the peer's clock cannot be set
// (raftapi.ClockDrifter).
func (c *machines) DriftClock(i int, rate float64) {
	k := c.next(scenario.Drift)
	if rate == 1 {
		k = scenario.Key{} // it is no fault
	} else if !c.plays(k, "the clock of peer %d runs at %g", i, rate) {
		rate = 1
	}
	c.mu.Lock()
	c.rates[i] = rate
	c.mu.Unlock()
	c.env.note(k, "the clock of peer %d runs at %g", i, rate)
	if l := c.running(i); l != nil {
		l.drift(rate)
	}
}

// clockDrifter is a peer whose clock can be made to run wrong (raftapi.ClockDrifter).
type clockDrifter interface{ DriftClock(rate float64) }

// drift sets the clock of a peer.
func (l *life) drift(rate float64) {
	peer := l.raft()
	d, ok := peer.(clockDrifter)
	switch {
	case ok:
		l.c.r.into("DriftClock", l.Peer, l.as(func() { d.DriftClock(rate) }))
	case rate != 1 && peer != nil:
		l.c.r.violate(Violation{Rule: RuleMissing, Message: fmt.Sprintf(
			"the case needs peers whose clocks drift, but %T has no method DriftClock(rate float64) (raftapi.ClockDrifter)", peer)})
	}
}

// CanDrift says whether peer i's clock can be set, as DriftClock does. A peer that is not running
// says no.
func (c *machines) CanDrift(i int) bool {
	l := c.running(i)
	if l == nil {
		return false
	}
	_, ok := l.raft().(raftapi.ClockDrifter)
	return ok
}

// Transfer asks peer i, which leads, to hand its leadership to peer to. It waits for the answer
// (raftapi.LeadershipTransferrer); a peer that is not running says no.
func (c *machines) Transfer(i, to int) (done bool) { return c.transfer(i, to, to) }

// transfer asks peer i to hand over to the peer that it calls known.
func (c *machines) transfer(i, to, known int) (done bool) {
	l := c.running(i)
	if l == nil {
		return false
	}
	t, ok := l.raft().(raftapi.LeadershipTransferrer)
	if !ok {
		c.env.Fail(Violation{Rule: RuleMissing, Message: fmt.Sprintf(
			"the case needs peers that hand over leadership, but %T has no method TransferLeadership(to int) bool (raftapi.LeadershipTransferrer)", l.raft())})
	}
	c.env.Note("peer %d is asked to make peer %d leader", i, to)
	c.r.into("TransferLeadership", i, l.as(func() { done = t.TransferLeadership(known) }))
	return done
}
