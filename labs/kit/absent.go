package kit

import (
	"slices"

	"raftlab/internal/record"
)

// What clients see while nothing fails says little about where a service has it from: agreement can
// be on anything, and the data with one server, or with the client itself. So cases in which
// nothing has failed end with looks, each by a new client, while machines are missing.

// Undisturbed reports whether no machine has crashed and no link between machines been cut so far.
func (b *Bench) Undisturbed() bool {
	return !slices.ContainsFunc(b.m.Env().Story(), func(e record.Event) bool { return e.Kind == record.CrashPeer || e.Kind == record.Cut })
}

// OneAbsent has look look while one machine is missing, each of them once, the leader last. It does
// nothing where too few would be left, or something has failed before.
func (b *Bench) OneAbsent(look func()) {
	if b.m.N() < 3 || !b.Undisturbed() {
		return
	}
	leader := b.AnyLeader()
	for _, i := range append(b.Shuffled(leader), leader) {
		b.Absent(look, i)
	}
}

// Absent has look look while these machines are missing.
func (b *Bench) Absent(look func(), machines ...int) {
	b.CrashAll(machines)
	look()
	b.RestartAll(machines)
}
