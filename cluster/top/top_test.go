package top

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/kv"
	"raftlab/cluster/launch"
	"raftlab/cluster/scrape"
)

// at is a cluster of three after so many puts and half as many reads; the last member is gone.
func at(seconds int, n float64) Sample {
	s := Sample{At: time.Unix(int64(seconds), 0)}
	for i := range 3 {
		s.Members = append(s.Members, Member{Status: kv.Status{Term: 7, Leads: i == 1, Ready: true, Applied: int(n)}, Values: scrape.Values{
			`grpc_server_started_total{grpc_method="Put"}`:                     n,
			`grpc_server_started_total{grpc_method="Range"}`:                   n / 2,
			`grpc_server_handling_seconds_bucket{grpc_method="Put",le="1"}`:    n,
			`grpc_server_handling_seconds_bucket{grpc_method="Put",le="+Inf"}`: n,
			"process_cpu_seconds_total":                                        n / 1000,
			"process_resident_memory_bytes":                                    64 << 20,
			fsync + "_count":                                                   n,
			`etcd_disk_wal_fsync_duration_seconds_bucket{le="0.002"}`:          n,
			`etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"}`:           n,
			"etcd_server_proposals_committed_total":                            n + 3,
		}})
	}
	s.Members[2] = Member{Err: errors.New("refused")}
	return s
}

func TestTable(t *testing.T) {
	f := &launch.Folder{Path: t.TempDir(), Implementation: "reference", Members: make([]launch.Addresses, 3)}
	text := Table(f, at(10, 1000), at(12, 2000), 180)
	require.Equal(t, `reference, 2 of 3 members run, member 1 leads term 7

member  role      term  applied  entries/s  behind  put/s  put p50  p99 ms  get/s  fsync/s  p99 ms  log MiB  CPU %  MiB
0       follower     7     2000        500       3    500    500.0   990.0    250      500     2.0      0.0     50   64
1       leader       7     2000        500       3    500    500.0   990.0    250      500     2.0      0.0     50   64
`, text[:strings.Index(text, "2 does")], "of two seconds; without the columns in which nobody has anything")
	for _, width := range []int{1, 20, 60, 80, 180} {
		for line := range strings.Lines(Table(f, at(10, 1000), at(12, 2000), width)) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), width, "%q", line)
		}
	}
	narrow := Table(f, at(10, 1000), at(12, 2000), 60)
	require.Contains(t, narrow, "entries/s")
	require.Contains(t, narrow, "fsync/s")
	require.NotContains(t, narrow, "MiB")

	started := at(10, 0)
	started.Members[0].Err = errors.New("not there yet")
	require.Contains(t, Table(f, started, at(12, 2000), 80), "follower", "of a member that was not there before there are no rates")
}

// A member that was started again counts from nothing.
func TestStartedAgain(t *testing.T) {
	p := pair{before: at(0, 1000).Members[0], now: at(1, 10).Members[0], seconds: 1}
	require.Empty(t, p.rate("process_cpu_seconds_total"))
}

func TestNobodyLeads(t *testing.T) {
	f := &launch.Folder{Path: t.TempDir(), Members: make([]launch.Addresses, 3)}
	s := at(0, 0)
	s.Members[1].Status = kv.Status{}
	require.Contains(t, Table(f, s, s, 80), "nobody leads")
}
