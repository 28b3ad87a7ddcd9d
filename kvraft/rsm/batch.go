package rsm

import (
	"errors"
	"slices"
	"strconv"

	"raftlab/raftapi"
)

// Batches of requests (the extension raftapi.Batch): one entry of the log carries several of them.
// The peer's batch (raft/batch.go) saves writes and messages, and each command is an entry with an
// index; this one saves entries, and what each entry costs everywhere: its encoding, its place in
// the log, its turn on the apply channel.
//
//	requests       a   b c d           e f
//	               |    \|/             |/
//	entries        [1: a]  [2: b, c, d]  [3: e, f]
//	                     ^
//	                     1 is applied: 2 is proposed
//
// Rules, and what goes wrong without them:
//
//  1. Nobody waits for company: if no such entry is on its way a request is proposed at once. While
//     one is, requests gather.
//  2. Each request keeps its id, its session and number, and its outcome. One that is refused, or a
//     repetition, changes nothing for its neighbours.
//  3. The entry is one proposal. If nobody knows what became of it, then nobody knows of any of its
//     requests, and each is told so: clerks repeat theirs under its number, alone or with others,
//     and the session table finds out.
//  4. What was never proposed was never applied. A request whose patience ends while it gathers is
//     taken out, and told ErrNotLeader.
//  5. A session is named by the index of the entry that opened it, so an opening has an entry to
//     itself.

const (
	// maxParts and maxPartBytes bound an entry: it has to fit into a message, and into a log that
	// is to stay short.
	maxParts     = 64
	maxPartBytes = 64 << 10
)

// gathering is the requests that wait for their entry. The replica's mutex guards parts.
type gathering[O, R any] struct {
	parts []part[O, R]
	wake  chan struct{} // holds a token when there are some
}

// part is a request of an entry, and who waits for it.
type part[O, R any] struct {
	command command[O]
	w       *waiter[R]
}

// gather leaves a request for the next entry. false: it has to have one to itself.
func (m *RSM[O, R]) gather(c command[O], w *waiter[R]) bool {
	if !m.on.batches || c.kind == opening || c.kind == many { // rule 5
		return false
	}
	c.text = c.encode(m.config.Codec)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.together.parts = append(m.together.parts, part[O, R]{c, w})
	select {
	case m.together.wake <- struct{}{}:
	default: // it is awake
	}
	return true
}

// ungather takes a request out, and says whether it was still there (rule 4).
func (m *RSM[O, R]) ungather(w *waiter[R]) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.together.parts)
	m.together.parts = slices.DeleteFunc(m.together.parts, func(p part[O, R]) bool { return p.w == w })
	return len(m.together.parts) < before
}

// runGathering is the goroutine that proposes entries with several requests, one after the other
// (rule 1).
func (m *RSM[O, R]) runGathering() {
	for {
		select {
		case <-m.together.wake:
		case <-m.done:
			return
		}
		for parts := m.nextEntry(); len(parts) > 0; parts = m.nextEntry() {
			m.proposeTogether(parts)
		}
	}
}

// nextEntry takes what has gathered, as much as fits into an entry.
func (m *RSM[O, R]) nextEntry() []part[O, R] {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, bytes := 0, 0
	for _, p := range m.together.parts {
		if bytes += len(p.command.text); n == maxParts || n > 0 && bytes > maxPartBytes {
			break
		}
		n++
	}
	parts := m.together.parts[:n:n]
	m.together.parts = m.together.parts[n:]
	return parts
}

// proposeTogether proposes an entry, and waits for what becomes of it. When it is applied its
// requests are answered one by one (answerParts); otherwise all of them hear the same (rule 3).
func (m *RSM[O, R]) proposeTogether(parts []part[O, R]) {
	if len(parts) > 1 {
		raftapi.Reached("several requests in one entry")
	}
	c := command[O]{kind: many}
	for _, p := range parts {
		c.parts = append(c.parts, p.command)
	}
	out := m.propose(c)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		if m.waiters.byID[p.w.id] != p.w {
			continue // answered, or its patience has ended
		}
		one := outcome[R]{err: out.err}
		if result, ok := m.state.sessions.earlier(p.w.client, p.w.seq); ok && errors.Is(out.err, ErrUnknown) {
			one.result, one.err = result, nil // a snapshot had it
		}
		m.waiters.end(p.w, one)
	}
}

// answerParts answers those whose requests stood in an entry. The caller holds mu.
func (m *RSM[O, R]) answerParts(c command[O], outs []outcome[R]) {
	for i, out := range outs {
		if w := m.waiters.byID[c.parts[i].id]; w != nil {
			m.waiters.end(w, out)
		}
	}
}

// appendParts writes several commands behind each other, each quoted:
//
//	many b02vvd "do 3k9xq1 put \"x\" \"1\"" "once 9c4j7p 17 4 append \"y\" \"2\""
func appendParts[O any](b []byte, parts []command[O], codec Codec[O]) []byte {
	for _, c := range parts {
		b = strconv.AppendQuote(append(b, ' '), c.encode(codec))
	}
	return b
}

// parseParts is the inverse of appendParts.
func parseParts[O any](text string, codec Codec[O]) (parts []command[O], err error) {
	for text != "" {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, err
		}
		one, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		c, err := decode(one, codec)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
		text = text[min(len(quoted)+1, len(text)):]
	}
	return parts, nil
}
