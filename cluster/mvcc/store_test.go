package mvcc

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"raftlab/cluster/backend"
)

// model is what a store should be: every state that it has had.
type model struct {
	states    []map[string]*mvccpb.KeyValue // by revision
	events    [][]string                    // by revision
	compacted int64
}

func newModel() *model {
	return &model{states: []map[string]*mvccpb.KeyValue{nil, {}}, events: [][]string{nil, nil}, compacted: never}
}

func (m *model) revision() int64 { return int64(len(m.states)) - 1 }

// tell is an event as text.
func tell(e *mvccpb.Event) string {
	return fmt.Sprintf("%d %v %s=%s c%d v%d l%d", e.Kv.ModRevision, e.Type, e.Kv.Key, e.Kv.Value, e.Kv.CreateRevision, e.Kv.Version, e.Kv.Lease)
}

func in(key, from, end string) bool { return (&Watcher{key: from, end: end}).wants(key) }

func openStore(t *testing.T, path string) (*backend.Backend, *Store) {
	t.Helper()
	b, err := backend.Open(path, backend.Options{Interval: 3 * time.Millisecond})
	require.NoError(t, err)
	s, err := Open(b)
	require.NoError(t, err)
	return b, s
}

func key(r *rand.Rand) string { return string(rune('a' + r.IntN(6))) }

func keyRange(r *rand.Rand) (string, string) {
	switch r.IntN(4) {
	case 0:
		return key(r), OpenEnd
	case 1:
		return key(r), key(r) // may be empty
	}
	return key(r), ""
}

// write does the same to both, in one revision.
func (m *model) write(w *Writer, r *rand.Rand) {
	next := map[string]*mvccpb.KeyValue{}
	for k, v := range m.states[m.revision()] {
		next[k] = v
	}
	revision, touched := m.revision()+1, map[string]bool{}
	var events []string
	for range 1 + r.IntN(3) {
		if from, end := keyRange(r); len(touched) == 0 && r.IntN(3) == 0 {
			for _, k := range slices.Sorted(func(yield func(string) bool) {
				for k := range next {
					if in(k, from, end) && !yield(k) {
						return
					}
				}
			}) {
				touched[k] = true
				delete(next, k)
				events = append(events, tell(&mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: &mvccpb.KeyValue{Key: []byte(k), ModRevision: revision}}))
			}
			w.Delete(from, end)
			break // what else is written could be a key of this range
		}
		k := key(r)
		if touched[k] {
			continue
		}
		touched[k] = true
		kv := &mvccpb.KeyValue{Key: []byte(k), Value: []byte(fmt.Sprint(r.IntN(100))), CreateRevision: revision, ModRevision: revision, Version: 1, Lease: int64(r.IntN(3))}
		if old := next[k]; old != nil {
			kv.CreateRevision, kv.Version = old.CreateRevision, old.Version+1
		}
		next[k] = kv
		w.Put(kv.Key, kv.Value, kv.Lease)
		events = append(events, tell(&mvccpb.Event{Kv: kv}))
	}
	w.Next()
	if len(events) > 0 {
		m.states, m.events = append(m.states, next), append(m.events, events)
	}
}

// check compares a range at any revision.
func (m *model) check(t *testing.T, s *Store, r *rand.Rand) {
	from, end := keyRange(r)
	q := Query{Key: from, End: end, Revision: r.Int64N(m.revision() + 3), Limit: r.Int64N(4), Count: r.IntN(5) == 0}
	got, err := s.Range(q)
	at := q.Revision
	switch {
	case at > m.revision():
		require.ErrorIs(t, err, ErrFuture)
		return
	case at == 0:
		at = m.revision()
	}
	if at < m.compacted {
		require.ErrorIs(t, err, ErrCompacted)
		return
	}
	require.NoError(t, err)
	require.Equal(t, m.revision(), got.Revision)
	count := int64(0)
	var want []string
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range m.states[at] {
			if !yield(k) {
				return
			}
		}
	}) {
		if !in(k, from, end) {
			continue
		}
		if count++; !q.Count && (q.Limit == 0 || count <= q.Limit) {
			want = append(want, m.states[at][k].String())
		}
	}
	require.Equal(t, count, got.Count)
	var found []string
	for _, kv := range got.KVs {
		found = append(found, kv.String())
	}
	require.Equal(t, want, found, "%+v", q)
}

// watching is a watcher and what it should get.
type watching struct {
	w    *Watcher
	next int64
}

// take checks what a watcher gets. false: it is told that something was forgotten, and something
// was.
func (m *model) take(t *testing.T, w *watching) bool {
	for {
		b, err := w.w.Next()
		if err != nil {
			require.ErrorIs(t, err, ErrCompacted)
			require.Less(t, w.next, m.compacted)
			return false
		}
		var want, got []string
		for ; w.next <= b.Revision; w.next++ {
			for _, e := range m.events[w.next] {
				var k string
				fmt.Sscanf(e[len(fmt.Sprint(w.next))+1:], "PUT %1s", &k)
				if k == "" {
					fmt.Sscanf(e[len(fmt.Sprint(w.next))+1:], "DELETE %1s", &k)
				}
				if in(k, w.w.key, w.w.end) {
					want = append(want, e)
				}
			}
		}
		for _, e := range b.Events {
			got = append(got, tell(e))
		}
		require.Equal(t, want, got, "watching %q %q", w.w.key, w.w.end)
		if !b.More {
			require.Equal(t, max(m.revision(), w.next-1), max(b.Revision, w.next-1))
			return true
		}
	}
}

// A store with random writes, compactions and new starts has every state that it should have, and
// watchers get every event once and in order.
func TestLikeModel(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		path := filepath.Join(t.TempDir(), "db")
		b, s := openStore(t, path)
		m := newModel()
		var watchers []*watching
		for range 300 {
			switch n := r.IntN(20); {
			case n < 12:
				w := s.Write(b.Begin())
				for range r.IntN(3) {
					m.write(w, r)
				}
				w.End()
			case n == 12 && m.revision() > 3:
				at := r.Int64N(m.revision() + 2)
				w := s.Write(b.Begin())
				err := w.Compact(at)
				w.End()
				switch {
				case at <= m.compacted:
					require.ErrorIs(t, err, ErrCompacted)
				case at > m.revision():
					require.ErrorIs(t, err, ErrFuture)
				default:
					require.NoError(t, err)
					m.compacted = at
				}
			case n == 13 && r.IntN(5) == 0:
				s.Rest()
				require.NoError(t, b.Close())
				watchers = nil
				b, s = openStore(t, path)
				require.Equal(t, m.revision(), s.Revision())
				require.Equal(t, m.compacted, s.Compacted())
			case n == 14 && r.IntN(3) == 0: // as after the installation of a snapshot
				require.NoError(t, s.Replace(func() error { return nil }))
			case n < 17:
				from, end := keyRange(r)
				at := r.Int64N(m.revision() + 4)
				w, _ := s.Watch(from, end, at, func() {})
				if at == 0 {
					at = m.revision() + 1
				}
				watchers = append(watchers, &watching{w, at})
			}
			m.check(t, s, r)
			watchers = slices.DeleteFunc(watchers, func(w *watching) bool {
				gone := r.IntN(3) == 0 && !m.take(t, w)
				if gone {
					w.w.Close()
				}
				return gone
			})
		}
		<-s.Compacting()
		h, err := s.HashAt(0)
		require.NoError(t, err)
		s.Rest()
		require.NoError(t, b.Close())
		b, s = openStore(t, path)
		again, err := s.HashAt(0)
		require.NoError(t, err)
		require.Equal(t, h, again)
		s.Rest()
		require.NoError(t, b.Close())
	}
}

// A compaction that a crash interrupts is carried out at the next start. The checksum does not
// depend on how far it is.
func TestCompactionResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	b, s := openStore(t, path)
	for i := range 10 {
		w := s.Write(b.Begin())
		w.Put([]byte("a"), []byte(fmt.Sprint(i)), 0)
		w.End()
	}
	s.Rest() // nothing is done in the background
	w := s.Write(b.Begin())
	require.NoError(t, w.Compact(8))
	w.End()
	h, err := s.HashAt(0)
	require.NoError(t, err)
	require.Equal(t, 10, rows(b))
	b.ForceCommit()
	require.NoError(t, b.Abandon())

	b, s = openStore(t, path)
	require.Equal(t, int64(8), s.Compacted())
	<-s.Compacting()
	require.Equal(t, 4, rows(b), "revisions 8 to 11")
	again, err := s.HashAt(0)
	require.NoError(t, err)
	require.Equal(t, h, again)
	_, err = s.Range(Query{Key: "a", Revision: 7})
	require.ErrorIs(t, err, ErrCompacted)
	r, err := s.Range(Query{Key: "a", Revision: 8})
	require.NoError(t, err)
	require.Equal(t, "6", string(r.KVs[0].Value))
	s.Rest()
	require.NoError(t, b.Close())
}

func rows(b *backend.Backend) (n int) {
	tx := b.Read()
	defer tx.Close()
	tx.Range(backend.Key, nil, nil, func([]byte, []byte) bool { n++; return true })
	return n
}

// A watcher is told once that there is something for it, and not of what concerns others. What it
// has not taken for long comes from the database.
func TestSlowWatcher(t *testing.T) {
	b, s := openStore(t, filepath.Join(t.TempDir(), "db"))
	told := 0
	w, _ := s.Watch("a", "", 0, func() { told++ })
	for i := 0; i < 2*maxRecent; {
		wr := s.Write(b.Begin())
		for range 64 {
			wr.Put([]byte("other"), nil, 0)
			if i%4096 == 0 {
				wr.Put([]byte("a"), []byte(fmt.Sprint(i)), 0)
			}
			wr.Next()
			i++
		}
		wr.End()
	}
	require.Equal(t, 1, told)
	require.LessOrEqual(t, s.hub.recent.events, maxRecent+2)
	var got []string
	for more := true; more; {
		batch, err := w.Next()
		require.NoError(t, err)
		for _, e := range batch.Events {
			got = append(got, string(e.Kv.Value))
		}
		more = batch.More
	}
	require.Equal(t, []string{"0", "4096", "8192", "12288"}, got)
	w.Close()
	s.Rest()
	require.NoError(t, b.Close())
}
