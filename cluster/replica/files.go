package replica

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// FilesConfig says where snapshots arrive.
type FilesConfig struct {
	FS       disk.FS // of the directory Dir
	Dir      string
	Database string // name of the machine's file there
	Secret   string // that all members of the cluster know, and no client
	Members  int
	Me       int
	// Fetch asks a member for its database, of index want or later, and writes it to w. It returns
	// the index.
	Fetch func(from, want int, w io.Writer) (index int, err error)
	// Arrival is how long a message may wait for its file. Default 1 s; the sender of one that is
	// refused tries again.
	Arrival time.Duration
	// Patience is how long the peer's storage may wait for a file. Default 1 minute.
	Patience time.Duration
	Logf     func(format string, args ...any)
}

// Files are the snapshots of a member: those that arrive for its peer, and those that it sends.
type Files struct {
	c    FilesConfig
	mark []byte

	swap sync.Mutex // held while an arrived file is taken in, or replaced by a newer one; before mu

	mu       sync.Mutex
	durable  int           // applied index that the database has for certain
	arrived  incoming      // the newest file that waits for its turn
	fetching chan struct{} // closed when the fetch that is under way is over; nil if none is
	err      error         // of the last fetch
}

// incoming is a snapshot that is complete and synced. The zero value is none.
type incoming struct {
	index int
	crc   uint32
}

const (
	incomingPart = "incoming.part"
	outgoing     = "outgoing-"
)

func (i incoming) name() string { return fmt.Sprintf("incoming-%016x-%08x.snap", i.index, i.crc) }

// OpenFiles finds what an earlier process has left.
func OpenFiles(c FilesConfig) (*Files, error) {
	if c.Arrival == 0 {
		c.Arrival = time.Second
	}
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	f := &Files{c: c, mark: markOf(c.Secret)}
	names, err := c.FS.List()
	if err != nil {
		return nil, fmt.Errorf("looking for snapshots: %w", err)
	}
	var old []string
	for _, name := range names {
		var found incoming
		switch _, err := fmt.Sscanf(name, "incoming-%x-%x.snap", &found.index, &found.crc); {
		case name == incomingPart || strings.HasPrefix(name, outgoing):
			old = append(old, name)
		case err != nil || found.name() != name:
		case found.index > f.arrived.index:
			if f.arrived.index != 0 {
				old = append(old, f.arrived.name())
			}
			f.arrived = found
		default:
			old = append(old, name)
		}
	}
	// What is found may have been renamed, and never been synced: kill -9 leaves both behind.
	if err := c.FS.SyncDir(); err != nil {
		return nil, fmt.Errorf("syncing the names of snapshots: %w", err)
	}
	for _, name := range old {
		if err := c.FS.Remove(name); err != nil {
			return nil, fmt.Errorf("removing what is left of a snapshot: %w", err)
		}
	}
	return f, nil
}

// committed notes how far the database is durable.
func (f *Files) committed(index int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable = max(f.durable, index)
}

// Durable is the applied index that the database cannot lose any more.
func (f *Files) Durable() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.durable
}

// tidy removes a file that the database has passed.
func (f *Files) tidy() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.arrived.index == 0 || f.arrived.index > f.durable {
		return nil
	}
	name := f.arrived.name()
	f.arrived = incoming{}
	return f.c.FS.Remove(name)
}

func (f *Files) has() int { return max(f.durable, f.arrived.index) }

// Arriving is called with each message of another member, before the peer sees it. If there is a
// manifest in it the message has to wait until the file is here. The error says that it is not: the
// peer must not see the message.
func (f *Files) Arriving(from int, message []byte) error {
	index := f.within(message)
	if index == 0 {
		return nil
	}
	return f.ensure(index, f.c.Arrival, from)
}

// ensure waits until the database or a file beside it has all up to index.
func (f *Files) ensure(index int, within time.Duration, from ...int) error {
	late := time.NewTimer(within)
	defer late.Stop()
	for try := 0; ; try++ {
		f.mu.Lock()
		if index <= f.has() {
			f.mu.Unlock()
			return nil
		}
		if f.fetching == nil {
			f.fetching = make(chan struct{})
			go f.fetch(from[try%len(from)], index)
		}
		over := f.fetching
		f.mu.Unlock()
		select {
		case <-over:
		case <-late.C:
			return fmt.Errorf("the file of the snapshot of %d is not here yet", index)
		}
		f.mu.Lock()
		err, has := f.err, f.has()
		f.mu.Unlock()
		if index > has && len(from) == 1 {
			return fmt.Errorf("the file of the snapshot of %d does not come: %w", index, err)
		}
		if index > has && try%len(from) == len(from)-1 {
			time.Sleep(roundPause)
		}
	}
}

// fetch gets a file and makes it durable.
func (f *Files) fetch(from, want int) {
	got, err := f.receive(from, want)
	f.swap.Lock()
	defer f.swap.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	close(f.fetching)
	f.fetching = nil
	if err != nil {
		f.c.Logf("the database of member %d, for a snapshot of %d, did not come: %v", from, want, err)
		return
	}
	f.c.Logf("the database of member %d has come: it is of %d, asked for was %d or later", from, got.index, want)
	old := f.arrived
	f.arrived = got
	if old.index != 0 && old != got {
		if err := f.c.FS.Remove(old.name()); err != nil {
			f.c.Logf("removing an older snapshot: %v", err)
		}
	}
}

// receive writes what another member sends: first all of it, then its name.
func (f *Files) receive(from, want int) (got incoming, err error) {
	_ = f.c.FS.Remove(incomingPart) // of a fetch that has failed
	file, err := f.c.FS.Create(incomingPart)
	if err != nil {
		return got, err
	}
	defer file.Close()
	w := &sink{file: file}
	if got.index, err = f.c.Fetch(from, want, w); err != nil {
		return got, err
	}
	if got.index < want {
		return got, fmt.Errorf("it is of %d", got.index)
	}
	got.crc = w.crc
	if err := file.Sync(); err != nil {
		return got, err
	}
	if err := file.Close(); err != nil {
		return got, err
	}
	if err := f.c.FS.Rename(incomingPart, got.name()); err != nil {
		return got, err
	}
	return got, f.c.FS.SyncDir()
}

// sink writes a file from its beginning, and sums it up.
type sink struct {
	file disk.File
	at   int64
	crc  uint32
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.file.WriteAt(b, s.at)
	s.at += int64(n)
	s.crc = crc32.Update(s.crc, castagnoli, b[:n])
	return n, err
}

var errNoFile = errors.New("its file is not here")

// install has the machine take the file that has come. It has to be of index or later.
func (f *Files) install(m Machine, index int) error {
	f.swap.Lock()
	defer f.swap.Unlock()
	f.mu.Lock()
	file := f.arrived
	f.mu.Unlock()
	if file.index < index {
		return fmt.Errorf("%w (the newest is of %d): the peer has a snapshot that nobody has sent to this member", errNoFile, file.index)
	}
	if err := f.check(file); err != nil {
		return err
	}
	err := m.Replace(func() error {
		if err := f.c.FS.Rename(file.name(), f.c.Database); err != nil {
			return err
		}
		return f.c.FS.SyncDir()
	})
	if err != nil {
		return err
	}
	if applied := m.Applied(); applied != file.index {
		return fmt.Errorf("%s was called %s, and has applied %d", f.c.Database, file.name(), applied)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.arrived == file {
		f.arrived = incoming{}
	}
	f.durable = max(f.durable, file.index)
	return nil
}

// check reads a file again: it may have lain there for long.
func (f *Files) check(i incoming) error {
	file, err := os.Open(filepath.Join(f.c.Dir, i.name()))
	if err != nil {
		return err
	}
	defer file.Close()
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if sum.Sum32() != i.crc {
		return fmt.Errorf("%s is damaged: its checksum is %08x", file.Name(), sum.Sum32())
	}
	return nil
}

// Send opens the machine's database, as it was at some commit of index want or later, for another
// member.
func (f *Files) Send(m Machine, want int) (file io.ReadCloser, index int, size int64, err error) {
	name := filepath.Join(f.c.Dir, outgoing+rand.Text())
	fail := func(err error) (io.ReadCloser, int, int64, error) {
		_ = os.Remove(name)
		return nil, 0, 0, err
	}
	if index, err = m.CopyTo(name); err != nil {
		return fail(fmt.Errorf("copying the database: %w", err))
	}
	if index < want {
		return fail(fmt.Errorf("the database is of %d and not of %d yet", index, want))
	}
	opened, err := os.Open(name)
	if err != nil {
		return fail(err)
	}
	info, err := opened.Stat()
	if err != nil {
		opened.Close()
		return fail(err)
	}
	return &passing{opened}, index, info.Size(), nil
}

// passing is a copy that goes when it has been sent.
type passing struct{ *os.File }

func (p *passing) Close() error {
	err := p.File.Close()
	if gone := os.Remove(p.Name()); err == nil {
		err = gone
	}
	return err
}

// Guard returns the storage for the peer: it takes no manifest before its file is here.
func (f *Files) Guard(s raftapi.Storage) raftapi.Storage { return &guarded{s, f} }

type guarded struct {
	raftapi.Storage
	files *Files
}

// Write implements [raftapi.Storage].
func (g *guarded) Write(u raftapi.Update) {
	if u.SnapshotIndex != 0 {
		g.files.mustHave(u.Snapshot)
	}
	g.Storage.Write(u)
}

// Save implements [raftapi.Storage].
func (g *guarded) Save(state, snapshot []byte) {
	if len(snapshot) > 0 {
		g.files.mustHave(snapshot)
	}
	g.Storage.Save(state, snapshot)
}

// mustHave waits for the file of a manifest that was not found in the message it came with: the
// peer takes its snapshots apart for the journey, say. Any member can have it.
func (f *Files) mustHave(manifest []byte) {
	index, err := f.parse(manifest)
	var others []int
	for i := range f.c.Members {
		if i != f.c.Me {
			others = append(others, i)
		}
	}
	if err == nil && len(others) > 0 {
		err = f.ensure(index, f.c.Patience, others...)
	} else if err == nil && index > f.has() {
		err = fmt.Errorf("there is no other member that could have the snapshot of %d", index)
	}
	if err != nil {
		panic(fmt.Sprintf("replica: the peer stores a snapshot that cannot be used: %v", err))
	}
}
