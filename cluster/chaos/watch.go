package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
)

// The invariants, by name.
const (
	acknowledged = "acknowledged-survives"
	appliedStays = "applied-never-goes-back"
	oneEntry     = "one-entry-everywhere"
	oneVote      = "one-vote-a-term"
	oneLeader    = "one-leader-a-term"
	vouched      = "nothing-vouched-for-unsynced"
	sameData     = "same-data-in-the-end"
	watchesAgree = "watches-get-everything"
	leaseLives   = "leases-live-as-promised"
)

// Invariant is something that has to hold all the time, and how often it was looked at.
type Invariant struct {
	Name, Meaning string
	Seen          int
	Of            string // what Seen counts
	Violation     string // "" if it holds, as far as could be seen
}

// watcher looks at the members all the time.
type watcher struct {
	mu      sync.Mutex
	newest  map[int]int    // member -> applied index it has said last
	durable map[int]int    // member -> applied index that its database was committed with
	lives   map[int]int    // member -> how often it was seen started again
	down    map[int]bool   // members that did not answer last
	entries map[int]uint64 // index -> digest of all entries up to it
	seenBy  map[int]int    // index -> the first member that was seen there
	shared  int            // indexes that were seen at two members
	leaders map[int]int    // term -> leader
	wrong   map[string]string
}

func newWatcher() *watcher {
	return &watcher{newest: map[int]int{}, durable: map[int]int{}, lives: map[int]int{}, down: map[int]bool{},
		entries: map[int]uint64{}, seenBy: map[int]int{}, leaders: map[int]int{}, wrong: map[string]string{}}
}

// run asks all members until ctx is over.
func (w *watcher) run(ctx context.Context, f *launch.Folder) {
	for ctx.Err() == nil {
		for i := range f.Members {
			w.look(f, i)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

func (w *watcher) violated(name, format string, args ...any) {
	if w.wrong[name] == "" {
		w.wrong[name] = fmt.Sprintf(format, args...)
	}
}

// look takes in what one member says.
func (w *watcher) look(f *launch.Folder, i int) {
	s, err := f.Status(i, false)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.down[i] = true
		return
	}
	if w.down[i] {
		w.down[i] = false
		w.lives[i]++
	}
	if s.Applied < w.durable[i] {
		w.violated(appliedStays, "member %d had committed its database at %d, and has applied %d now", i, w.durable[i], s.Applied)
	}
	w.newest[i], w.durable[i] = s.Applied, max(w.durable[i], s.Durable)
	if f.Etcd {
		// There the entries themselves are compared, at the end.
	} else if digest, seen := w.entries[s.Applied]; !seen {
		w.entries[s.Applied], w.seenBy[s.Applied] = s.Digest, i
	} else if digest != s.Digest {
		w.violated(oneEntry, "members %d and %d have not applied the same entries up to %d", w.seenBy[s.Applied], i, s.Applied)
	} else if w.seenBy[s.Applied] != i {
		w.shared++
	}
	if s.Leads {
		if other, seen := w.leaders[s.Term]; seen && other != i {
			w.violated(oneLeader, "members %d and %d have both led term %d", other, i, s.Term)
		}
		w.leaders[s.Term] = i
	}
}

// restarts is how often members were seen started again.
func (w *watcher) restarts() (n int) {
	for _, lives := range w.lives {
		n += lives
	}
	return n
}

// votes reads what members have noted of their votes.
func (w *watcher) votes(f *launch.Folder) (seen int, err error) {
	for i := range f.Members {
		file, err := os.Open(f.Votes(i))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return seen, err
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			if why, ok := strings.CutPrefix(lines.Text(), member.Contradiction+": "); ok {
				w.violated(oneVote, "member %d: %s", i, why)
				continue
			}
			seen++
		}
		file.Close()
	}
	return seen, nil
}

// invariants sums up.
func (c *run) invariants() ([]Invariant, error) {
	w := c.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	votes, err := w.votes(c.folder)
	if err != nil {
		return nil, err
	}
	all := []Invariant{
		{Name: acknowledged, Meaning: "what was acknowledged is there, once, also after a minority's disks are lost and the others' power fails",
			Seen: len(c.record.ops), Of: "operations"},
		{Name: appliedStays, Meaning: "a member that starts again has applied all that its database was committed with", Seen: w.restarts(), Of: "starts"},
		{Name: oneEntry, Meaning: "all members have applied the same entries up to an index", Seen: w.shared, Of: "indexes"},
		{Name: oneVote, Meaning: "no member votes twice in a term, or goes back to an older one", Seen: votes, Of: "votes"},
		{Name: oneLeader, Meaning: "a term has one leader", Seen: len(w.leaders), Of: "terms"},
		{Name: vouched, Meaning: "kill -9, a new start, an acknowledgement, loss of power: nothing acknowledged is lost",
			Seen: c.report.Kinds[string(killPower)], Of: "times"},
		{Name: sameData, Meaning: "when all is quiet, all members have the same data", Seen: c.settledAt, Of: "times"},
	}
	for i := range all {
		all[i].Violation = w.wrong[all[i].Name]
	}
	if c.etcd != nil {
		return c.etcdInvariants(all)
	}
	return all, nil
}
