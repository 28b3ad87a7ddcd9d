package kit

import (
	"time"

	"raftlab/tester"
)

// Sufferers are machines on a network that a swarm strikes. *tester.Servers is one.
type Sufferers interface {
	Env() *tester.Env
	N() int
	Running(i int) bool
	Restart(i int)
	HealAll()
}

// Swarm strikes so many times, with pauses of 50 to 450 ms. After a third of the strikes the
// network is whole again, and of the machines that are down about half come back each time.
func Swarm(m Sufferers, strikes int, strike func()) {
	r := m.Env().Rand()
	for range strikes {
		strike()
		m.Env().Sleep(50*time.Millisecond + time.Duration(r.Int64N(int64(400*time.Millisecond))))
		if r.IntN(3) == 0 {
			m.HealAll()
		}
		for i := range m.N() {
			if !m.Running(i) && r.IntN(2) == 0 {
				m.Restart(i)
			}
		}
	}
}
