package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
	"raftlab/etcdraft"
	"raftlab/labgob"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// The members are processes of the test's own program.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "member" {
		if err := runMember(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func runMember(folder, number string) error {
	f, err := launch.Read(folder)
	if err != nil {
		return err
	}
	i, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return member.Run(ctx, member.Config{Folder: f, Member: i, Make: peers[f.Implementation]})
}

var peers = map[string]raftapi.MakeFunc{
	"reference": func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
		return raft.Make(ends, me, p, ch)
	},
	"etcdraft": func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
		return etcdraft.Make(ends, me, p, ch)
	},
	// As students do it until they know better: everything is saved each time.
	"saving": func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
		return raft.Make(ends, me, raftapi.NewPersister(savingOver(p)), ch)
	},
	// A wrong one: nothing of what it stores gets to the disk.
	"forgetful": func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
		return raft.Make(ends, me, p.Copy(), ch)
	},
}

// saving is a storage that stores all that it has, in one piece, with Save.
type saving struct {
	*raftapi.Memory
	p *raftapi.Persister
}

func savingOver(p *raftapi.Persister) *saving {
	var s raftapi.Stored
	if b := p.ReadRaftState(); len(b) > 0 {
		if err := labgob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
			panic(err)
		}
	}
	s.Snapshot = p.ReadSnapshot()
	return &saving{raftapi.MemoryFrom(s), p}
}

func (s *saving) Write(u raftapi.Update) {
	s.Memory.Write(u)
	all := s.Load()
	snapshot := all.Snapshot
	all.Snapshot = nil
	var b bytes.Buffer
	if err := labgob.NewEncoder(&b).Encode(all); err != nil {
		panic(err)
	}
	s.p.Save(b.Bytes(), snapshot)
}

func options(t *testing.T, peer string) Options {
	return Options{Folder: t.TempDir() + "/chaos", Members: 3, Implementation: peer, Clients: 3, Seed: 1, Say: t.Logf}
}

// A gentle run of each kind of peer; raftlab cluster chaos is for long ones.
func TestChaos(t *testing.T) {
	for _, peer := range []string{"reference", "etcdraft", "saving"} {
		t.Run(peer, func(t *testing.T) {
			o := options(t, peer)
			o.Kills, o.PowerLosses, o.Others = 1, 4, 1
			r, err := Run(t.Context(), o)
			require.NoError(t, err)
			require.Empty(t, r.Failure)
			require.Greater(t, r.Operations, 30)
			require.Equal(t, 7, r.Faults)
			for _, i := range r.Invariants {
				if i.Name == oneVote && peer == "saving" {
					continue // the votes of a peer that uses Save cannot be seen
				}
				require.Positive(t, i.Seen, i.Name)
			}
		})
	}
}

// The same with etcd's API: a leader is stopped for longer than a lease lives, and all invariants
// are looked at.
func TestEtcdChaos(t *testing.T) {
	o := options(t, "reference")
	o.Etcd, o.Kills, o.Others = true, 1, 1
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, r.Failure)
	require.Equal(t, 1, r.Kinds[string(stopLong)])
	require.Len(t, r.Invariants, 9)
	for _, i := range r.Invariants {
		if i.Name != vouched {
			require.Positive(t, i.Seen, i.Name)
		}
	}
}

// A peer that stores nothing is found out, and there is something to look at.
func TestForgetfulPeerIsFoundOut(t *testing.T) {
	o := options(t, "forgetful")
	o.PowerLosses, o.Patience = 4, 8*time.Second
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.NotEmpty(t, r.Failure)
	require.GreaterOrEqual(t, len(r.Files), 4)
	for _, file := range r.Files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Positive(t, info.Size())
	}
	require.Contains(t, strings.Join(r.Files, " "), "history.html")
}
