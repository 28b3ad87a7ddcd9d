package bench

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
	"raftlab/cluster/scrape"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// The members and the load are processes of the test's own program.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "member":
		err = runMember(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "load":
		err = RunLoad(context.Background(), os.Args[2], os.Stdout)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
	return member.Run(ctx, member.Config{Folder: f, Member: i,
		Make: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
			return raft.Make(ends, me, p, ch)
		}})
}

// A cluster of one beside another one: every load makes its requests, puts are synced and reads are
// not, and what there is when somebody loses patience is a report.
func TestBench(t *testing.T) {
	o := Options{Folder: t.TempDir(), Implementation: "reference", Members: 1, Loads: Loads, Clients: []int{2}, Pairs: 1,
		Seconds: 0.05, ValueSize: 100, Prefill: 10, SnapshotCount: 1000, Say: t.Logf}
	saved := 0
	o.Save = func(r *Report) error {
		saved++
		return r.WriteJSON(o.Folder + "/result.json")
	}
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	require.Equal(t, 2*len(Loads), saved)
	for _, c := range r.Cells {
		for _, s := range []Sample{c.Control[0].A, c.Control[0].B, c.Pairs[0].A, c.Pairs[0].B} {
			require.GreaterOrEqual(t, s.Total, c.Clients, c.Load)
			require.NotZero(t, s.Seconds)
			require.NotZero(t, s.Memory)
			require.Equal(t, c.Load != Range, s.Fsyncs > 0 && s.Bytes > 0, "%s: %+v", c.Load, s)
		}
	}
	var out bytes.Buffer
	r.Table(&out)
	require.Equal(t, len(Loads), strings.Count(out.String(), "no verdict  "), out.String())

	ctx, stop := context.WithCancel(context.Background())
	o.Loads = []string{Put}
	o.Save = func(r *Report) error {
		stop()
		return nil
	}
	r, err = Run(ctx, o)
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	require.Len(t, r.Cells[0].Control, 1)
	require.Empty(t, r.Cells[0].Pairs)

	earlier := r.Cells[0].Control[0]
	o.Save = func(r *Report) error { return r.WriteJSON(o.Folder + "/result.json") }
	require.NoError(t, o.Save(r))
	o.Earlier, err = ReadJSON(o.Folder + "/result.json")
	require.NoError(t, err)
	r, err = Run(context.Background(), o)
	require.NoError(t, err)
	require.False(t, r.Interrupted)
	require.Equal(t, []Pair{earlier}, r.Cells[0].Control, "it goes on with what is missing")
	require.Len(t, r.Cells[0].Pairs, 1)
	o.ValueSize++
	_, err = Run(context.Background(), o)
	require.ErrorContains(t, err, "what was measured before is of")
}

// What benchmark 3.6.8 prints, without its histograms.
const printed = `
Summary:
  Total:	0.2451 secs.
  Requests/sec:	383.5905

Latency distribution:
  50%% in 0.0036 secs.
  99%% in 0.0154 secs.
%s
Summary:
  Total:	0.2452 secs.
  Requests/sec:	432.2640

Latency distribution:
  50%% in 0.0041 secs.
  99%% in 0.0230 secs.
`

func TestBenchmarkOutput(t *testing.T) {
	d, err := parseBenchmark(Work{Load: Txn, Total: 200, Clients: 4}, fmt.Sprintf(printed, "Total Write Ops: 106"))
	require.NoError(t, err)
	require.Equal(t, "200 in 0.2452 s, 4.1, 23.0 ms", fmt.Sprintf("%d in %v s, %.1f, %.1f ms", d.Total, d.Seconds, d.P50, d.P99), "the slower half")
	d, err = parseBenchmark(Work{Load: Watch, Total: 203, Clients: 10}, fmt.Sprintf(printed, "Watch events received summary:"))
	require.NoError(t, err)
	require.Equal(t, Done{Total: 200, Seconds: 0.2452}, d)
	for _, load := range Loads {
		_, err = parseBenchmark(Work{Load: load, Total: 1, Clients: 1}, "nothing")
		require.Error(t, err)
	}
}

// A metric that is missing is not 0.
func TestMeter(t *testing.T) {
	var m meter
	require.ErrorContains(t, m.take(scrape.Values{"process_cpu_seconds_total": 1.5}), "there is no metric")
	v := scrape.Values{}
	for name := range m.names() {
		v[name] = 2
	}
	m = meter{}
	require.NoError(t, m.take(v))
	require.NoError(t, m.take(v))
	require.Equal(t, meter{4, 4, 4, 4, 4}, m, "two members")
}

// How long it will take: two comparisons of two sides, and four warm-ups.
func TestDuration(t *testing.T) {
	o := Options{Loads: Loads[:2], Clients: []int{1}, Pairs: 10, Seconds: 15, WarmUp: 15 * time.Second}
	require.Equal(t, 2*(40*15+4*15)*time.Second, o.Duration())
}
