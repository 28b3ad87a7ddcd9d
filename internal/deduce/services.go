package deduce

import (
	"maps"
	"slices"
	"strings"

	"raftlab/internal/record"
)

// services follows what servers tell clients, and each other, that a later answer excludes: one
// version for two writes, a write to what was given away.
type services struct {
	puts    map[edge]*put
	taken   map[[2]string]*put    // the first that was told OK, by key and version; of servers that stand alone
	appends map[string]bool       // keys to which clients do nothing but append
	known   map[string][]appended // what was appended to them, as servers have said
	given   map[string][]handover // by the group that gave
	doubled bool
	strayed map[string]bool // values
	forgot  map[string]bool // keys
}

// put is a write of a client.
type put struct {
	client              int
	key, value, version string
	sent, arrived, done int // events; 0: not yet
}

// appended is a value that a server has said it has appended.
type appended struct {
	value, group string
	at           int
}

// handover is an answer with which one group of servers gives something to another.
type handover struct {
	at, to   int // the event; the server that asked
	receiver string
	contents string
	asked    string // what the receiver asked for
}

func newServices() *services {
	return &services{puts: map[edge]*put{}, taken: map[[2]string]*put{}, appends: map[string]bool{}, known: map[string][]appended{}, given: map[string][]handover{},
		strayed: map[string]bool{}, forgot: map[string]bool{}}
}

func (s *services) event(w *witness, e record.Event) {
	switch {
	case e.Kind == record.Invoke:
		key := KeyOf(e.Text)
		only, known := s.appends[key]
		s.appends[key] = e.Method == "append" && (only || !known) || e.Method == "get" && only
	case e.Kind == record.CrashPeer:
		clear(s.taken) // it need not have stored them
	case e.Kind == record.Sent && e.Peer >= record.FirstClient:
		delete(s.puts, callOf(e))
		v := parse(e.Detail)
		key, ok := v.find("key")
		value, write := v.find("value")
		cut := strings.Contains(e.Detail, "...") // where the trace has less than there was
		if version, _ := v.find("version"); ok && write && !cut {
			s.puts[callOf(e)] = &put{client: e.Peer, key: strings.Trim(key.text, `"`), value: strings.Trim(value.text, `"`), version: version.text, sent: w.at}
		}
	case e.Kind == record.Delivered && s.puts[callOf(e)] != nil:
		s.puts[callOf(e)].arrived = w.at
	case e.Kind == record.Handled && isYes(e.Detail):
		if p := s.puts[callOf(e)]; p != nil {
			p.done = w.at
			s.versions(w, e, p)
			s.strays(w, e, p)
		} else if e.Peer >= 0 && e.Peer < record.FirstClient {
			s.gives(w, e)
		}
	}
}

// isYes says whether a reply of a service has no error.
func isYes(reply string) bool {
	err, ok := parse(reply).find("err")
	return ok && (err.text == `"OK"` || err.text == `""`)
}

// ErrorIn is what the field Err of a reply has, as in "OK", or "".
func ErrorIn(reply string) string { return errorOf(parse(reply)) }

func errorOf(reply value) string {
	err, _ := reply.find("err")
	return strings.Trim(err.text, `"`)
}

// versions judges that a server says yes to two clients who name one version. Only of a server that
// stands alone is it known that both have come to the same place.
func (s *services) versions(w *witness, e record.Event, p *put) {
	if p.version == "" || s.doubled || w.groups[w.of(e.Other).group] != 1 {
		return
	}
	place := [2]string{p.key, p.version}
	first := s.taken[place]
	if first == nil {
		s.taken[place] = p
		return
	}
	if first.client == p.client {
		return // it may have asked again
	}
	s.doubled = true
	both := ""
	if p.arrived < first.done {
		both = "; both had arrived before it answered either"
	}
	w.denies(e.Other, first.done, "answers OK to %q at version %s of %q, from client %d, but also to %q at that version, from client %d%s",
		p.value, p.version, p.key, p.client-record.FirstClient, first.value, first.client-record.FirstClient, both)
}

// gives notes what one group gives another.
func (s *services) gives(w *witness, e record.Event) {
	from, to := w.of(e.Other).group, w.of(e.Peer).group
	if from == "" || to == "" || from == to {
		return
	}
	h := handover{w.at, e.Peer, to, e.Detail, w.others[callOf(e)]}
	if !slices.ContainsFunc(s.given[from], func(g handover) bool { return g.receiver == to && g.asked == h.asked }) {
		s.forgets(w, e.Other, from, h) // what is given once more may be a copy of then
	}
	s.given[from] = append(s.given[from], h)
}

// forgets judges that a group gives a key away without what it has said yes to.
func (s *services) forgets(w *witness, peer int, group string, h handover) {
	for _, key := range slices.Sorted(maps.Keys(s.known)) {
		about := Subject{Key: key, HasKey: true}
		if !s.appends[key] || s.forgot[key] || !about.brings(h.contents) {
			continue
		}
		had := s.known[key]
		for i, a := range had {
			if a.group == group && !strings.Contains(h.contents, a.value) && tellsAll(h.contents, had[:i], a.value) {
				s.forgot[key] = true
				w.denies(peer, a.at, "gives %q to %d without %q, to which its group had answered OK", key, h.to, a.value).Value = a.value
				break
			}
		}
	}
}

// tellsAll says whether the contents are told far enough behind what was appended before, so that a
// value that comes next would be among them.
func tellsAll(contents string, before []appended, value string) bool {
	told := -1
	for _, a := range before {
		told = max(told, strings.LastIndex(contents, a.value))
	}
	return told >= 0 && told+len(value)+beyond < len(contents)
}

// beyond is how much of the contents has to be told behind what was appended before, so that what
// comes next would be among it.
const beyond = 40

// strays judges that a server says yes to an append to what its group had given away without it
// while the append was under way, and has not got back.
func (s *services) strays(w *witness, e record.Event, p *put) {
	group := w.of(e.Other).group
	about := Subject{Key: p.key, HasKey: true}
	had := s.known[p.key]
	if p.value != "" {
		s.known[p.key] = append(had, appended{p.value, group, w.at})
	}
	if !s.appends[p.key] || s.strayed[p.value] || p.value == "" {
		return
	}
	for _, h := range slices.Backward(s.given[group]) {
		if h.at < p.sent {
			return
		}
		if !about.brings(h.contents) || strings.Contains(h.contents, p.value) {
			continue
		}
		if tellsAll(h.contents, had, p.value) && !s.back(group, about, h.at) {
			s.strayed[p.value] = true
			w.denies(e.Other, h.at, "answers OK to %q for %q, but its group had given %q away without it, to peer %d", p.value, p.key, p.key, h.to).Value = p.value
			return
		}
	}
}

// back says whether a group was given the key by another one after an event.
func (s *services) back(group string, about Subject, after int) bool {
	for _, all := range s.given {
		for _, h := range all {
			if h.receiver == group && h.at > after && about.brings(h.contents) {
				return true
			}
		}
	}
	return false
}
