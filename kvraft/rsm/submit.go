package rsm

import (
	"math/rand/v2"
	"time"

	"raftlab/raftapi"
)

// Open begins a session, in which operations are executed at most once however often they are
// submitted. It blocks like Submit. After ErrUnknown the caller opens another; the first one, if it
// came to be, is forgotten in time.
func (m *RSM[O, R]) Open() (Client, error) {
	if err := m.admit(true); err != nil {
		return 0, err
	}
	out := m.propose(command[O]{kind: opening})
	return Client(out.index), out.err
}

// Submit puts an operation of a session into the log, waits until it has been applied here, and
// returns its result. seq counts the operations of the session from 1; a repetition, at this or any
// other server, carries the same number, and the next number may only be used when the client
// will not repeat this one any more.
//
// It blocks until the operation is applied or an error is certain, and at most for the configured
// patience. See the errors for what they mean to a client.
func (m *RSM[O, R]) Submit(client Client, seq uint64, op O) (result R, err error) {
	if result, ok := m.earlier(client, seq); ok {
		raftapi.Reached("retry found its earlier result")
		return result, nil
	}
	if err := m.admit(true); err != nil {
		return result, err
	}
	out := m.propose(command[O]{kind: once, client: client, seq: seq, op: op})
	return out.result, out.err
}

// Do is Submit without a session: if the caller repeats the operation it may be applied again.
func (m *RSM[O, R]) Do(op O) (result R, err error) {
	if err := m.admit(true); err != nil {
		return result, err
	}
	out := m.propose(command[O]{kind: plain, op: op})
	return out.result, out.err
}

// earlier looks an operation up that may have been applied already. If the table has it, it is
// committed, and this server need not lead to say so.
func (m *RSM[O, R]) earlier(client Client, seq uint64) (R, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.sessions.earlier(client, seq)
}

// propose hands a command to the peer, and waits for what comes of it.
//
//	propose                            applier                     watch
//	   | add waiter
//	   | Start ---> index, term
//	   | place waiter                     |                          |
//	   | wait                             | entry at index applied   | term passed?
//	   |<--------------- outcome ---------+                          | leadership lost?
//	   |<--------------- ErrUnknown ---------------------------------+
//	   |  patience
//	   v
//
// The waiter is there before the command is proposed: the entry may be applied before Start
// returns.
func (m *RSM[O, R]) propose(c command[O]) outcome[R] {
	c.id = rand.Uint64()
	w := &waiter[R]{id: c.id, client: c.client, seq: c.seq, answer: make(chan outcome[R], 1)}
	if !m.begin(w) {
		return outcome[R]{err: ErrNotLeader} // killed
	}
	if m.gather(c, w) {
		return m.await(w)
	}
	index, term, err := m.start(c.encode(m.config.Codec))
	if err != nil {
		m.cancel(w)
		return outcome[R]{err: err}
	}
	m.place(w, index, term)
	return m.await(w)
}

// await waits for the answer to a command, for as long as the replica has patience.
func (m *RSM[O, R]) await(w *waiter[R]) outcome[R] {
	patience := time.NewTimer(m.config.Patience)
	defer patience.Stop()
	select {
	case out := <-w.answer:
		return out
	case <-patience.C:
		raftapi.Reached("patience ran out")
		m.cancel(w)
		if m.ungather(w) {
			return outcome[R]{err: ErrNotLeader} // it was not even proposed
		}
		return outcome[R]{err: ErrUnknown}
	}
}

// begin registers a waiter, unless the replica has been killed.
func (m *RSM[O, R]) begin(w *waiter[R]) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.killed {
		return false
	}
	m.waiters.add(w)
	return true
}

func (m *RSM[O, R]) place(w *waiter[R], index, term int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiters.place(w, index, term, m.state.applied)
	select {
	case m.watch <- struct{}{}:
	default: // it is awake
	}
}

func (m *RSM[O, R]) cancel(w *waiter[R]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiters.forget(w)
}

// runWatch is the goroutine that notices lost leadership. While nobody waits it sleeps.
func (m *RSM[O, R]) runWatch() {
	ticker := time.NewTicker(watchInterval)
	ticker.Stop()
	defer ticker.Stop()
	for {
		select {
		case <-m.watch:
			ticker.Reset(watchInterval)
		case <-ticker.C:
			if !m.checkLeadership() {
				ticker.Stop()
			}
		case <-m.done:
			return
		}
	}
}

// checkLeadership answers those who wait in vain, and says whether somebody is still waiting.
func (m *RSM[O, R]) checkLeadership() bool {
	m.mu.Lock()
	horizon, waiting := m.waiters.placed, len(m.waiters.byID) > 0
	m.mu.Unlock()
	if !waiting {
		return false
	}
	term, leads := m.raft.GetState() // old news for whoever is placed from now on

	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiters.leadership(term, leads, horizon)
	return true
}
