// Package differ compares this project's etcd with the real one: random requests go to both, and
// the answers are compared field by field.
//
//	RAFTLAB_ETCD=/path/to/etcd go test ./differ -requests 100000 -seed 7
//
// docs/etcd-api.md tells how to make the binary. Without one the test says so, and is skipped.
package differ

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

var (
	requests = flag.Int("requests", 3000, "how many requests are compared")
	seed     = flag.Uint64("seed", 1, "draws the requests")
	members  = flag.Int("members", 1, "of our cluster, each of which gets some of the requests")
)

// side is one of the two, or a member of it.
type side struct {
	kv          pb.KVClient
	lease       pb.LeaseClient
	watch       pb.WatchClient
	maintenance pb.MaintenanceClient
}

func connect(t *testing.T, address string) side {
	t.Helper()
	c, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32))) // as clientv3 has it
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	s := side{pb.NewKVClient(c), pb.NewLeaseClient(c), pb.NewWatchClient(c), pb.NewMaintenanceClient(c)}
	require.Eventually(t, func() bool {
		_, err := s.kv.Range(t.Context(), &pb.RangeRequest{Key: []byte("a")})
		return err == nil
	}, 60*time.Second, 50*time.Millisecond, "%s does not answer", address)
	return s
}

// real starts etcd. How large a request may be depends on how many bytes the ID has that etcd gives
// it, and that on the ID of the member, which is drawn: here they are ten, as in ours.
func real(t *testing.T, binary string) side {
	t.Helper()
	for range 100 {
		s, end := realMember(t, binary)
		r, err := s.kv.Range(t.Context(), &pb.RangeRequest{Key: []byte("a")})
		require.NoError(t, err)
		if r.Header.MemberId&(1<<15) != 0 { // the first bit of the IDs of requests
			return s
		}
		end()
	}
	require.FailNow(t, "no member of etcd has an ID as large as wanted")
	return side{}
}

func realMember(t *testing.T, binary string) (s side, end func()) {
	t.Helper()
	var urls []string
	var held []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		urls = append(urls, "http://"+l.Addr().String())
		held = append(held, l)
	}
	for _, l := range held {
		l.Close()
	}
	c := exec.Command(binary, "--data-dir", t.TempDir(), "--listen-client-urls", urls[0], "--advertise-client-urls", urls[0],
		"--listen-peer-urls", urls[1], "--initial-advertise-peer-urls", urls[1], "--initial-cluster", "default="+urls[1],
		"--unsafe-no-fsync", "--log-level", "error")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	c.Stdout, c.Stderr = log, log
	require.NoError(t, c.Start())
	end = sync.OnceFunc(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	t.Cleanup(end)
	return connect(t, urls[0][len("http://"):]), end
}

// Raft is a peer that looks for another leader late: a member that is away for a while on a busy
// machine is no difference to etcd, of which there is one member. Peers know it by this name.
type Raft struct{ *raft.Raft }

// SetTiming does so.
func (r Raft) SetTiming(heartbeat, election time.Duration) error {
	if *members > 1 {
		election *= 8
	}
	return r.Raft.SetTiming(heartbeat, election)
}

// ours starts a cluster.
func ours(t *testing.T) (all []side) {
	t.Helper()
	f, err := launch.CreateEtcd(t.TempDir(), *members, "test")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, *members)
	for i := range *members {
		go func() {
			ended <- member.Run(ctx, member.Config{Folder: f, Member: i, Logf: func(string, ...any) {},
				Make: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
					return Raft{raft.Make(ends, me, p, ch)}
				}})
		}()
	}
	t.Cleanup(func() {
		stop()
		for range *members {
			<-ended
		}
	})
	for i := range *members {
		all = append(all, connect(t, f.Members[i].Etcd))
	}
	return all
}

func TestLikeEtcd(t *testing.T) {
	binary := os.Getenv("RAFTLAB_ETCD")
	if binary == "" {
		t.Skip("there is no etcd to compare with: set RAFTLAB_ETCD to the path of one (docs/etcd-api.md tells how to make it)")
	}
	here := ours(t)
	both := [2]side{here[0], real(t, binary)}
	g := &generator{Rand: rand.New(rand.NewPCG(*seed, 0)), revision: 1}
	var history []string // the revision after each request, and the request
	began, kinds := time.Now(), map[string]int{}
	for i := range *requests {
		name, do := g.next()
		kinds[name]++
		if to := here[g.IntN(len(here))]; to != both[0] {
			both[0] = to // which has to have what the one before has answered: a serializable read asks nobody
			require.Eventually(t, func() bool {
				_, err := to.kv.Range(t.Context(), &pb.RangeRequest{Key: []byte("a")})
				return err == nil
			}, 60*time.Second, 50*time.Millisecond, "a member does not answer any more")
		}
		told := atBoth(t.Context(), both, do)
		if name == "hash" && told[0] != told[1] {
			t.Log(firstDifference(t, both, history))
		}
		history = append(history, fmt.Sprintf("%d: %s", g.revision, g.last))
		if told[0] != told[1] {
			cutAround(&told)
		}
		require.Equal(t, told[1], told[0], "request %d of seed %d, a %s: etcd's answer is expected, ours is actual", i, *seed, g.last)
	}
	t.Logf("%d requests in %v, no difference: %v", *requests, time.Since(began).Round(time.Second), kinds)
}

// atBoth does something at both at the same time.
func atBoth(ctx context.Context, both [2]side, do func(context.Context, side) string) (told [2]string) {
	var all sync.WaitGroup
	for i, s := range both {
		all.Go(func() { told[i] = do(ctx, s) })
	}
	all.Wait()
	return told
}

// cutAround leaves out most of what is the same in two long texts.
func cutAround(told *[2]string) {
	same := 0
	for same < min(len(told[0]), len(told[1])) && told[0][same] == told[1][same] {
		same++
	}
	for i, text := range told {
		if from := max(same-400, 0); len(text) > 20_000 {
			told[i] = fmt.Sprintf("%d bytes; from %d on: %s", len(text), from, text[from:min(same+2000, len(text))])
		}
	}
}

// tell is an answer as text, without what cannot be the same.
func tell(m proto.Message, err error) string {
	if err != nil {
		return fmt.Sprintf("error %v: %s", status.Code(err), status.Convert(err).Message())
	}
	clean(m)
	b, err := prototext.MarshalOptions{Multiline: true, Indent: " "}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return spaces.ReplaceAllString(string(b), " ") // the text form has random spaces on purpose
}

// firstDifference tells at which revision the two stores are different, and which requests made it.
func firstDifference(t *testing.T, both [2]side, history []string) string {
	for revision := int64(1); ; revision++ {
		var sums [2]string
		for i, s := range both {
			r, err := s.maintenance.HashKV(t.Context(), &pb.HashKVRequest{Revision: revision})
			if sums[i] = tell(nil, err); err == nil {
				sums[i] = fmt.Sprint(r.Hash)
			}
		}
		if sums[0] == sums[1] && !strings.Contains(sums[0], "future") {
			continue
		}
		told := fmt.Sprintf("the stores differ at revision %d (%v), which was made by", revision, sums)
		for _, h := range history {
			if strings.HasPrefix(h, fmt.Sprint(revision, ":")) {
				return told + " " + h
			}
		}
		return told
	}
}
