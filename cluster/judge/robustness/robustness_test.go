package robustness

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/tests/v3/framework"
	"go.etcd.io/etcd/tests/v3/framework/e2e"
	"go.etcd.io/etcd/tests/v3/robustness/client"
	"go.etcd.io/etcd/tests/v3/robustness/identity"
	"go.etcd.io/etcd/tests/v3/robustness/report"
	"go.etcd.io/etcd/tests/v3/robustness/traffic"
	"go.etcd.io/etcd/tests/v3/robustness/validate"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
)

func TestMain(m *testing.M) { framework.E2eTestRunner.TestMain(m) }

// load is what etcd's clients do. A busy machine is slow, so that it is no rate that is asked of it;
// the fault comes when so many revisions have been written.
var load = traffic.Profile{
	KeyValue: &traffic.KeyValue{MinimalQPS: 1, MaximalQPS: 200, BurstableQPS: 1000, MemberClientCount: 6, ClusterClientCount: 2,
		MaxNonUniqueRequestConcurrency: 3},
	Watch:      &traffic.WatchDefault,
	Compaction: &traffic.CompactionDefault,
}

// How long clients work before a fault, and after it, and what they have written before it.
const (
	around = time.Second
	before = 30
)

// Whatever happens to the members, etcd's models find nothing wrong in what their clients have
// seen.
func TestRobustness(t *testing.T) {
	for _, f := range faults {
		for name, kind := range map[string]traffic.Traffic{"PutDeleteLease": traffic.EtcdPutDeleteLease, "Kubernetes": traffic.Kubernetes} {
			t.Run(f.name+"/"+name, func(t *testing.T) { judge(t, kind, f.name, f.do) })
		}
	}
}

func judge(t *testing.T, kind traffic.Traffic, name string, do func(context.Context, *cluster) error) {
	lg := zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
	config := e2e.NewConfig(e2e.WithClusterSize(3))
	config.EnvVars = map[string]string{"RAFTLAB_JUDGED": "1"} // members record what they apply, and faults can be put into them
	processes, err := e2e.NewEtcdProcessCluster(t.Context(), t, e2e.WithConfig(config))
	require.NoError(t, err)
	c := &cluster{processes, t}
	defer c.Close()
	reports := c.work(lg, kind, name, do)
	c.sameHash()
	persisted, err := report.PersistedRequests(lg, []string{c.applied(lg)})
	require.NoError(t, err)
	result := validate.ValidateAndReturnVisualize(lg, validate.Config{ExpectRevisionUnique: kind.ExpectUniqueRevision()}, reports, persisted, 3*time.Minute)
	if err := result.Error(); err != nil {
		picture := filepath.Join(t.ArtifactDir(), "history.html")
		t.Errorf("%v; the picture is in %s (%v)", err, picture, result.Linearization.Visualize(lg, picture))
	}
	t.Logf("%d requests went through the log", len(persisted))
}

// work has clients work while the fault is done, and returns what they have seen.
func (c *cluster) work(lg *zap.Logger, kind traffic.Traffic, name string, do func(context.Context, *cluster) error) []report.ClientReport {
	ctx, began, ids := c.t.Context(), time.Now(), identity.NewIDProvider()
	working, watching := client.NewSet(ids, began), client.NewSet(ids, began)
	defer working.Close()
	defer watching.Close()
	done, newest, watched := make(chan report.FailpointInjection, 1), make(chan int64, 1), make(chan error, 1)
	go func() {
		time.Sleep(around)
		if err := c.reach(ctx, before); err != nil {
			c.t.Errorf("waiting for what clients write before the fault: %v", err)
		}
		i := report.FailpointInjection{Name: name, Start: time.Since(began)}
		if err := do(ctx, c); err != nil {
			c.t.Errorf("the fault %s: %v", name, err)
		}
		i.End = time.Since(began)
		time.Sleep(around)
		done <- i
	}()
	go func() {
		watched <- client.CollectClusterWatchEvents(ctx, client.CollectClusterWatchEventsParam{Lg: lg, Endpoints: c.EndpointsGRPC(),
			MaxRevisionChan: newest, ClientSet: watching})
	}()
	reports := traffic.SimulateTraffic(ctx, c.t, lg, c.EtcdProcessCluster, load, kind, done, working)
	newest <- report.OperationsMaxRevision(reports)
	close(newest)
	require.NoError(c.t, <-watched)
	return slices.Concat(reports, watching.Reports())
}

// reach waits until the revision is at least so large.
func (c *cluster) reach(ctx context.Context, revision int64) error {
	e := c.EndpointsGRPC()
	k, err := clientv3.New(clientv3.Config{Endpoints: e, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer k.Close()
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for {
		s, err := k.Status(ctx, e[0])
		if err != nil {
			return err
		}
		if s.Header.Revision >= revision {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sameHash makes sure that all members have everything, and the same.
func (c *cluster) sameHash() {
	for _, e := range c.EndpointsGRPC() {
		k, err := clientv3.New(clientv3.Config{Endpoints: []string{e}, Logger: zap.NewNop()})
		require.NoError(c.t, err)
		_, err = k.Get(c.t.Context(), "key")
		require.NoError(c.t, err)
		k.Close()
	}
	require.NoError(c.t, client.CheckEndOfTestHashKV(c.t.Context(), c.EtcdProcessCluster))
}
