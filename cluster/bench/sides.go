package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
)

// side is a cluster that runs.
type side struct {
	Name    string
	members []string // addresses for clients; the metrics are there, too
	end     func()
}

// quota is how large a database may get on either side: none should be full.
const quota = 8 << 30

// perEntry is about what an entry of our log has beside key and value: one request with its frame.
const perEntry = 64

// ours starts a cluster of this framework.
func (b *bench) ours(ctx context.Context, name string) (*side, error) {
	dir := filepath.Join(b.o.Folder, name)
	f, err := launch.CreateEtcd(dir, b.o.Members, b.o.Implementation)
	if err != nil {
		return nil, err
	}
	f.Quota, f.MaxLog = quota, b.o.SnapshotCount*(b.o.ValueSize+perEntry)
	if err := f.Save(); err != nil {
		return nil, err
	}
	if f, err = launch.Read(dir); err != nil {
		return nil, err
	}
	var all []*launch.Process
	s := &side{Name: name, end: func() { launch.EndAll(all) }}
	for i, m := range f.Members {
		p, err := f.Start(i, "member")
		if err != nil {
			s.end()
			return nil, err
		}
		all = append(all, p)
		s.members = append(s.members, m.Etcd)
	}
	return s, s.await(ctx)
}

// etcd starts a real etcd with as many members, and the same timing.
func (b *bench) etcd(ctx context.Context, name string) (*side, error) {
	ports, err := launch.FreePorts(2 * b.o.Members)
	if err != nil {
		return nil, err
	}
	clients, peers := ports[:b.o.Members], ports[b.o.Members:]
	var cluster []string
	for i, p := range peers {
		cluster = append(cluster, fmt.Sprintf("m%d=http://%s", i, p))
	}
	var all []*exec.Cmd
	s := &side{Name: name, members: clients, end: func() {
		for _, c := range all {
			_ = c.Process.Signal(os.Interrupt)
		}
		for _, c := range all {
			late := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
			_ = c.Wait()
			late.Stop()
		}
	}}
	for i := range clients {
		c, err := b.etcdMember(i, filepath.Join(b.o.Folder, name), "http://"+clients[i], "http://"+peers[i], strings.Join(cluster, ","))
		if err != nil {
			s.end()
			return nil, err
		}
		all = append(all, c)
	}
	return s, s.await(ctx)
}

func (b *bench) etcdMember(i int, dir, clients, peers, cluster string) (*exec.Cmd, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, fmt.Sprintf("log-%d.txt", i)))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := exec.Command(b.o.Etcd, "--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(dir, fmt.Sprintf("m%d", i)),
		"--listen-client-urls", clients, "--advertise-client-urls", clients,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
		"--initial-cluster", cluster, "--initial-cluster-token", filepath.Base(dir),
		"--snapshot-count", fmt.Sprint(b.o.SnapshotCount), "--quota-backend-bytes", fmt.Sprint(int64(quota)),
		"--heartbeat-interval", fmt.Sprint(member.Heartbeat.Milliseconds()),
		"--election-timeout", fmt.Sprint(member.Election.Milliseconds()), "--log-level", "warn")
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = launch.OwnGroup()
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("starting etcd (%s): %w", b.o.Etcd, err)
	}
	return c, nil
}

// startTime is how long the members of a cluster may take until all are healthy.
const startTime = time.Minute

// await waits until all members of a cluster that was just started are healthy, and ends it if they
// are not.
func (s *side) await(ctx context.Context) error {
	limited, stop := context.WithTimeout(ctx, startTime)
	defer stop()
	for _, address := range s.members {
		for !healthy(limited, address) {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-limited.Done():
				s.end()
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return fmt.Errorf("the member of %s at %s is not healthy after %v: its log is below the folder %s", s.Name, address, startTime, s.Name)
			}
		}
	}
	return nil
}

var client = &http.Client{Timeout: 10 * time.Second}

func healthy(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/health", nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// prefillKey is a key that is there before anything is measured, so that the database is not empty;
// reads are of the first.
func prefillKey(i int) string { return fmt.Sprintf("prefill/%08d", i) }

// prefillTxn is how many keys are put at a time.
const prefillTxn = 100

// prefill puts so many keys.
func (s *side) prefill(ctx context.Context, keys int, value string) error {
	c, err := dial(s.members)
	if err != nil {
		return err
	}
	defer c.Close()
	for at := 0; at < keys; at += prefillTxn {
		var ops []clientv3.Op
		for i := at; i < min(at+prefillTxn, keys); i++ {
			ops = append(ops, clientv3.OpPut(prefillKey(i), value))
		}
		if _, err := c.Txn(ctx).Then(ops...).Commit(); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("filling the database of %s: %w", s.Name, err))
		}
	}
	return nil
}

func dial(members []string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: members, DialTimeout: 20 * time.Second, Logger: zap.NewNop()})
}
