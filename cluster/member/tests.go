package member

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"raftlab/cluster/disk"
	"raftlab/cluster/transport"
	"raftlab/raftapi"
)

// What is in this file is for clusters that are maltreated (package chaos).

// fragileSegment makes segments that are full soon.
const fragileSegment = 16 << 10

// fragile opens a disk that can lose what was not synced, and can have trouble.
func fragile(dir, trouble string) (*disk.Fragile, *disk.Troubled, error) {
	t := disk.NewTroubled(trouble)
	d, err := disk.OpenFragile(dir, func(op, name string) error {
		if op == "sync" || op == "syncdir" {
			time.Sleep(rand.N(4 * time.Millisecond)) // a real one takes its time, too: what is written is not safe for a while
		}
		return t.Before(op, name)
	})
	if err != nil {
		return nil, nil, err
	}
	d.Limit(t.Grow)
	return d, t, nil
}

// handleFaults takes faults of connections and of clocks.
func (m *Member) handleFaults(mux *http.ServeMux) {
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var f transport.Faults
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m.node.Inject(f)
	})
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		rate, err := strconv.ParseFloat(r.URL.Query().Get("rate"), 64)
		peer, ok := m.peer.(raftapi.ClockDrifter)
		if err != nil || rate <= 0 || !ok {
			http.Error(w, "the peer has no such clock", http.StatusNotImplemented)
			return
		}
		peer.DriftClock(rate)
	})
}

// ballot is a term and the vote in it; nobody says that there is none.
type ballot struct{ term, vote int64 }

const nobody = -1

// ballots tell how peers store their votes. Those of other peers cannot be seen.
var ballots = map[string]func(header []byte) ballot{
	"reference": func(b []byte) ballot {
		term, n := binary.Varint(b)
		vote, _ := binary.Varint(b[max(0, n):])
		return ballot{term, vote}
	},
	"etcdraft": func(b []byte) ballot { // members from 1, 0 for none
		term, n := binary.Uvarint(b)
		vote, _ := binary.Uvarint(b[max(0, n):])
		return ballot{int64(term), int64(vote) - 1}
	},
}

// votes is a storage that notes each vote once it is stored, in a file that no test takes away, and
// compares it with those before.
type votes struct {
	raftapi.Storage
	file *os.File
	read func([]byte) ballot

	mu   sync.Mutex
	last ballot
}

// Contradiction begins the line of a vote that contradicts one before.
const Contradiction = "CONTRADICTION"

func noteVotes(s raftapi.Storage, file, implementation string) (raftapi.Storage, error) {
	read := ballots[implementation]
	if read == nil {
		return s, nil
	}
	v := &votes{Storage: s, read: read, last: ballot{0, nobody}}
	f, err := os.Open(file)
	if err == nil {
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if !strings.HasPrefix(lines.Text(), Contradiction) {
				_, _ = fmt.Sscan(lines.Text(), &v.last.term, &v.last.vote)
			}
		}
		f.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if v.file, err = os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return nil, err
	}
	if h := s.Load().Header; len(h) > 0 {
		v.note(read(h))
	} else if v.last.term > 0 {
		v.note(ballot{0, nobody})
	}
	return v, nil
}

// note compares a ballot with the one before.
func (v *votes) note(b ballot) {
	switch {
	case b == v.last:
		return
	case b.term < v.last.term:
		fmt.Fprintf(v.file, "%s: term %d after term %d\n", Contradiction, b.term, v.last.term)
	case b.term == v.last.term && v.last.vote != nobody && b.vote != v.last.vote:
		fmt.Fprintf(v.file, "%s: a vote for %d in term %d, after one for %d\n", Contradiction, b.vote, b.term, v.last.vote)
	default:
		fmt.Fprintln(v.file, b.term, b.vote)
	}
	v.last = b
}

// Write implements [raftapi.Storage].
func (v *votes) Write(u raftapi.Update) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Storage.Write(u)
	if u.Header != nil {
		v.note(v.read(u.Header))
	}
}
