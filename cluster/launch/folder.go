// Package launch knows where a cluster on this machine keeps its things, and starts and ends its
// processes.
//
//	FOLDER/
//	  cluster.json        what it is: name, implementation, addresses
//	  born-0              member 0 has been started once: it may have voted
//	  member-0/
//	    member.json       who this directory belongs to
//	    log.txt           what the member says
//	    wal/              the peer's log (package wal)
//	    data.db           the service's database (package kv)
package launch

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"raftlab/cluster/disk"
	"raftlab/cluster/kv"
	"raftlab/cluster/replica"
	"raftlab/cluster/transport"
)

// Folder is a cluster as its folder describes it.
type Folder struct {
	Path           string      `json:"-"`
	Cluster        string      `json:"cluster"`
	Secret         string      `json:"secret"` // that members know, and no client
	Implementation string      `json:"implementation"`
	Fragile        bool        `json:"fragile,omitempty"`    // its disks can lose what was not synced: for chaos
	Etcd           bool        `json:"etcd,omitempty"`       // its service is etcd's API, and not the one of the labs
	Record         bool        `json:"record,omitempty"`     // members of a cluster with etcd's API write down what they apply
	Quota          int64       `json:"quota,omitempty"`      // bytes that etcd's database may have; 0: the service's default
	Compaction     [2]string   `json:"compaction,omitzero"`  // etcd's mode and retention of auto-compaction
	LeaseReads     bool        `json:"leaseReads,omitempty"` // the leader reads on its lease, if the peer can
	MaxLog         int         `json:"maxLog,omitempty"`     // bytes of log at which a snapshot is taken; 0: the service's default
	Members        []Addresses `json:"members"`
}

// Addresses are where a member listens.
type Addresses struct {
	Peers string `json:"peers"`          // for members and clients
	HTTP  string `json:"http"`           // /readyz, /status
	Etcd  string `json:"etcd,omitempty"` // for clients of etcd
	Name  string `json:"name,omitempty"` // for clients of etcd; empty: made from its number
}

const folderFile = "cluster.json"

// Create makes the folder of a new cluster of n members, on free ports of loopback.
func Create(path string, n int, implementation string) (*Folder, error) {
	return (&Folder{Path: path, Implementation: implementation}).create(n)
}

// CreateEtcd makes the folder of a new cluster that has etcd's API.
func CreateEtcd(path string, n int, implementation string) (*Folder, error) {
	return (&Folder{Path: path, Implementation: implementation, Etcd: true}).create(n)
}

func (f *Folder) create(n int) (*Folder, error) {
	name := filepath.Join(f.Path, folderFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && f.lastBorn() >= 0 {
		return nil, damaged(name, "it is gone, and members have been started here")
	}
	f.Cluster, f.Secret = rand.Text(), rand.Text()
	each := 2
	if f.Etcd {
		each = 3
	}
	free, err := FreePorts(each * n)
	if err != nil {
		return nil, err
	}
	for ; len(free) > 0; free = free[each:] {
		a := Addresses{Peers: free[0], HTTP: free[1]}
		if f.Etcd {
			a.Etcd = free[2]
		}
		f.Members = append(f.Members, a)
	}
	return f, f.Save()
}

// FreePorts returns addresses on loopback where nobody listens now.
func FreePorts(n int) (addresses []string, err error) {
	var held []net.Listener // all at once, so that no port is taken twice
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for free ports: %w", err)
		}
		held = append(held, l)
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// Endpoints are the addresses for clients of etcd, as etcdctl wants them.
func (f *Folder) Endpoints() string {
	var all []string
	for _, m := range f.Members {
		all = append(all, m.Etcd)
	}
	return strings.Join(all, ",")
}

// Save writes cluster.json.
func (f *Folder) Save() error {
	if err := os.MkdirAll(f.Path, 0o755); err != nil {
		return fmt.Errorf("making the folder of a cluster: %w", err)
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return WriteDurably(filepath.Join(f.Path, folderFile), b)
}

// maxFolderFile is more than what is known of a cluster needs.
const maxFolderFile = 1 << 20

// maxMembers is how many members a cluster can have.
const maxMembers = 100

// Read reads the folder of a cluster. The error is fs.ErrNotExist if there is none.
func Read(path string) (*Folder, error) {
	name := filepath.Join(path, folderFile)
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("look for the cluster in %s: %w; --data names a folder, such as the one that `cluster up` makes", path, err)
	case !info.Mode().IsRegular():
		return nil, damaged(name, "it is no regular file")
	case info.Size() > maxFolderFile:
		return nil, damaged(name, fmt.Sprintf("it has %d bytes", info.Size()))
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &Folder{}
	if err := json.Unmarshal(b, f); err != nil {
		return nil, damaged(name, err.Error())
	}
	if why := f.wrong(); why != "" {
		return nil, damaged(name, why)
	}
	if f.Path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if last := f.lastBorn(); last >= len(f.Members) {
		return nil, damaged(name, fmt.Sprintf("it names %d members, and member %d has been started here", len(f.Members), last))
	}
	return f, nil
}

// bornName begins the name of a file that says that a member has been started; its number follows.
const bornName = "born-"

// lastBorn is the highest number of a member that has been started in the folder, -1 if none has.
func (f *Folder) lastBorn() int {
	last := -1
	entries, _ := os.ReadDir(f.Path) // it may not be there yet
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), bornName); ok {
			if i, err := strconv.Atoi(digits); err == nil {
				last = max(last, i)
			}
		}
	}
	return last
}

// damaged is the error for a file that does not say what a cluster is.
func damaged(name, why string) error {
	return fmt.Errorf("%s does not say which cluster this is (%.200s): it was damaged, or `cluster up` has not written it; "+
		"put a copy of it back, or begin a new cluster in another folder with --data", name, why)
}

// wrong says what cannot be in a folder, "" if nothing.
func (f *Folder) wrong() string {
	if n := len(f.Members); n < 1 || n > maxMembers {
		return fmt.Sprintf("it names %d members", n)
	}
	for i, m := range f.Members {
		addresses := []string{m.Peers, m.HTTP}
		if f.Etcd && m.HTTP == "" { // a member that was started in etcd's place knows its own only
			addresses = addresses[:1]
		}
		for _, address := range addresses {
			_, port, err := net.SplitHostPort(address)
			if number, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || number == 0 {
				return fmt.Sprintf("member %d has the address %q", i, address)
			}
		}
	}
	return ""
}

// MemberDir is where a member keeps its data.
func (f *Folder) MemberDir(i int) string { return filepath.Join(f.Path, fmt.Sprintf("member-%d", i)) }

// WAL is where a member keeps its peer's log.
func (f *Folder) WAL(i int) string { return filepath.Join(f.MemberDir(i), "wal") }

// Database is the name of the file of a member's database in its directory.
const Database = "data.db"

// Database is the service's database.
func (f *Folder) Database(i int) string { return filepath.Join(f.MemberDir(i), Database) }

// Trouble is where a test writes what is wrong with a member's disk: with the one of its log, or
// that of its snapshots.
func (f *Folder) Trouble(i int, room string) string {
	return filepath.Join(f.Path, fmt.Sprintf("trouble-%d-%s.json", i, room))
}

// The rooms of a member's directory.
const (
	RoomLog   = "log"
	RoomFiles = "files"
)

// Votes is where a member of a test notes its votes.
func (f *Folder) Votes(i int) string { return filepath.Join(f.Path, fmt.Sprintf("votes-%d", i)) }

// Applied is where a member that records writes down what it applies.
func (f *Folder) Applied(i int) string { return filepath.Join(f.Path, fmt.Sprintf("applied-%d", i)) }

// Log is what a member says.
func (f *Folder) Log(i int) string { return filepath.Join(f.MemberDir(i), "log.txt") }

// belongs is what stands in member.json.
type belongs struct {
	Cluster        string `json:"cluster"`
	Member         int    `json:"member"`
	Implementation string `json:"implementation"`
	// Log says that the member has begun its log. From then on it may have promised something.
	Log bool `json:"log,omitempty"`
}

func (f *Folder) memberFile(i int) string { return filepath.Join(f.MemberDir(i), "member.json") }

// HasLog says whether member i, whose directory was entered, has begun its log: then there must be
// one.
func (f *Folder) HasLog(i int) (bool, error) {
	b, err := os.ReadFile(f.memberFile(i))
	if err != nil {
		return false, err
	}
	var found belongs
	err = json.Unmarshal(b, &found)
	return found.Log, err
}

// BeginLog notes that member i has a log now. It is called before the member promises anything.
func (f *Folder) BeginLog(i int) error {
	b, err := json.Marshal(belongs{f.Cluster, i, f.Implementation, true})
	if err != nil {
		return err
	}
	return WriteDurably(f.memberFile(i), b)
}

// Enter makes sure that member i's directory is what the member left, or makes it for a member that
// has never been started. An empty directory of a member that may have voted is refused: it has
// forgotten its vote, and could give another one in the same term.
func (f *Folder) Enter(i int) error {
	name, born := f.memberFile(i), filepath.Join(f.Path, fmt.Sprint(bornName, i))
	own := belongs{f.Cluster, i, f.Implementation, false}
	b, err := os.ReadFile(name)
	if err == nil {
		var found belongs
		if err := json.Unmarshal(b, &found); err != nil {
			return fmt.Errorf("reading %s: %w: it says whom the directory belongs to; put it back as it was", name, err)
		}
		if own.Log = found.Log; found != own {
			return fmt.Errorf("%s belongs to member %d of the cluster %q on %q, and not to member %d of %q on %q: start it where it belongs",
				f.MemberDir(i), found.Member, found.Cluster, found.Implementation, i, f.Cluster, f.Implementation)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(born); err == nil {
		return fmt.Errorf("member %d has been started before, and may have voted, but its directory %s is gone or has lost member.json: "+
			"it must not come back with an empty memory, for it could vote twice in a term. Put its directory back, or give the cluster up (remove %s)",
			i, f.MemberDir(i), f.Path)
	}
	if err := os.MkdirAll(f.MemberDir(i), 0o755); err != nil {
		return err
	}
	if b, err = json.Marshal(own); err != nil {
		return err
	}
	if err := WriteDurably(name, b); err != nil {
		return err
	}
	return WriteDurably(born, nil)
}

// Client returns a client of the cluster, and the node whose Close ends its connections.
func (f *Folder) Client(number int) (*kv.Client, *transport.Node) {
	n := transport.NewNode(transport.Identity{Cluster: f.Cluster, Member: transport.Client}, len(f.Members), transport.Options{ServiceTimeout: clientPatience})
	var routes []replica.Route
	for i, m := range f.Members {
		routes = append(routes, n.Service(i, m.Peers))
	}
	return kv.NewClient(routes, number, clientPatience), n
}

// WriteDurably writes a small file: all of it is there after a crash, or nothing.
func WriteDurably(name string, b []byte) error {
	part := name + ".part"
	file, err := os.Create(part)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(b); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(part, name); err != nil {
		return err
	}
	return disk.SyncDir(filepath.Dir(name))
}
