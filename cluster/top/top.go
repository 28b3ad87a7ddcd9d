// Package top shows how a running cluster is, on one screen: who leads, how far each member is,
// what it does in a second and how long that takes. It asks the members' /status and /metrics,
// which both kinds of cluster have.
package top

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"raftlab/cluster/kv"
	"raftlab/cluster/launch"
	"raftlab/cluster/scrape"
	"raftlab/internal/plain"
)

// Sample is how all members were at some time.
type Sample struct {
	At      time.Time
	Members []Member
}

// Member is how one of them was.
type Member struct {
	Status kv.Status
	Values scrape.Values
	Err    error // it does not answer; the rest means nothing
}

// Read asks all members at the same time.
func Read(ctx context.Context, f *launch.Folder) Sample {
	s := Sample{At: time.Now(), Members: make([]Member, len(f.Members))}
	var all sync.WaitGroup
	for i, a := range f.Members {
		all.Go(func() {
			m := &s.Members[i]
			if m.Status, m.Err = f.Status(i, false); m.Err == nil {
				m.Values, m.Err = scrape.Read(ctx, a.HTTP)
			}
		})
	}
	all.Wait()
	return s
}

// pair is a member at two times.
type pair struct {
	number      int
	before, now Member
	seconds     float64
}

// rate is how often something happens in a second.
func (p pair) rate(name string, labels ...string) string {
	now, ok := p.now.Values.Sum(name, labels...)
	before, _ := p.before.Values.Sum(name, labels...)
	if !ok || p.before.Err != nil || now < before {
		return ""
	}
	return number((now - before) / p.seconds)
}

func (p pair) quantile(share float64, name string, labels ...string) string {
	if p.before.Err != nil {
		return ""
	}
	seconds, ok := p.now.Values.Quantile(p.before.Values, share, name, labels...)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.1f", 1000*seconds)
}

func (p pair) mebibytes(name string) string {
	bytes, ok := p.now.Values.Sum(name)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.0f", bytes/(1<<20))
}

func (p pair) count(name string) string {
	n, ok := p.now.Values.Sum(name)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.0f", n)
}

func number(x float64) string {
	if x > 0 && x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// column is one of the table. Where there is no room for all, those of the highest rank go first.
type column struct {
	title string
	rank  int
	text  func(p pair) string
}

const (
	put      = `grpc_method="Put"`
	txn      = `grpc_method="Txn"`
	get      = `grpc_method="Range"`
	handling = "grpc_server_handling_seconds"
	fsync    = "etcd_disk_wal_fsync_duration_seconds"
	commit   = "etcd_disk_backend_commit_duration_seconds"
)

var columns = []column{
	{"member", 0, func(p pair) string { return fmt.Sprint(p.number) }},
	{"role", 0, func(p pair) string { return role(p.now.Status) }},
	{"term", 1, func(p pair) string { return fmt.Sprint(p.now.Status.Term) }},
	{"applied", 0, func(p pair) string { return fmt.Sprint(p.now.Status.Applied) }},
	{"entries/s", 0, func(p pair) string {
		if p.before.Err != nil {
			return ""
		}
		return number(float64(p.now.Status.Applied-p.before.Status.Applied) / p.seconds)
	}},
	{"behind", 6, func(p pair) string {
		committed, ok := p.now.Values.Sum("etcd_server_proposals_committed_total")
		if !ok {
			return ""
		}
		return fmt.Sprintf("%.0f", max(0, committed-float64(p.now.Status.Applied)))
	}},
	{"put/s", 2, func(p pair) string { return p.rate("grpc_server_started_total", put) }},
	{"put p50", 7, func(p pair) string { return p.quantile(0.5, handling, put) }},
	{"p99 ms", 4, func(p pair) string { return p.quantile(0.99, handling, put) }},
	{"txn/s", 5, func(p pair) string { return p.rate("grpc_server_started_total", txn) }},
	{"get/s", 2, func(p pair) string { return p.rate("grpc_server_started_total", get) }},
	{"get p50", 8, func(p pair) string { return p.quantile(0.5, handling, get) }},
	{"p99 ms", 5, func(p pair) string { return p.quantile(0.99, handling, get) }},
	{"watchers", 9, func(p pair) string { return p.count("etcd_debugging_mvcc_watcher_total") }},
	{"fsync/s", 1, func(p pair) string { return p.rate(fsync + "_count") }},
	{"p99 ms", 1, func(p pair) string { return p.quantile(0.99, fsync) }},
	{"commit p99", 8, func(p pair) string { return p.quantile(0.99, commit) }},
	{"peers p99", 7, func(p pair) string { return p.quantile(0.99, "etcd_network_peer_round_trip_time_seconds") }},
	{"log MiB", 5, func(p pair) string { return fmt.Sprintf("%.1f", float64(p.now.Status.LogSize)/(1<<20)) }},
	{"db MiB", 6, func(p pair) string { return p.mebibytes("etcd_mvcc_db_total_size_in_bytes") }},
	{"CPU %", 3, func(p pair) string {
		now, ok := p.now.Values.Sum("process_cpu_seconds_total")
		before, _ := p.before.Values.Sum("process_cpu_seconds_total")
		if !ok || p.before.Err != nil || now < before {
			return ""
		}
		return fmt.Sprintf("%.0f", 100*(now-before)/p.seconds)
	}},
	{"MiB", 4, func(p pair) string { return p.mebibytes("process_resident_memory_bytes") }},
}

func role(s kv.Status) string {
	switch {
	case s.Leads && s.Ready:
		return "leader"
	case s.Leads:
		return "leader, not ready"
	case s.Ready:
		return "follower"
	}
	return "no leader"
}

// Table is a screen of so many columns: what has happened between two samples.
func Table(f *launch.Folder, before, now Sample, width int) string {
	var pairs []pair
	for i, m := range now.Members {
		if m.Err == nil {
			pairs = append(pairs, pair{i, before.Members[i], m, max(now.At.Sub(before.At).Seconds(), 1e-3)})
		}
	}
	var b strings.Builder
	for _, line := range append(heading(f, pairs), rows(pairs, width)...) {
		b.WriteString(strings.TrimRight(cut(line, width), " ") + "\n")
	}
	for i, m := range now.Members {
		if m.Err != nil {
			b.WriteString(cut(fmt.Sprintf("%d does not answer; it says last: %s", i, plain.Line(f.Tail(i, 1), plain.MaxLine)), width) + "\n")
		}
	}
	return b.String()
}

// cut is as much of a line as there is room for.
func cut(line string, width int) string {
	r := []rune(line)
	return string(r[:min(len(r), width)])
}

// heading is a few words on the whole cluster.
func heading(f *launch.Folder, pairs []pair) []string {
	leader := "nobody leads"
	for _, p := range pairs {
		if p.now.Status.Leads {
			leader = fmt.Sprintf("member %d leads term %d", p.number, p.now.Status.Term)
		}
	}
	return []string{fmt.Sprintf("%s, %d of %d members run, %s", f.Implementation, len(pairs), len(f.Members), leader), ""}
}

// total is how wide columns are, with two spaces between them.
func total(widths []int) int {
	sum := -2
	for _, w := range widths {
		sum += w + 2
	}
	return sum
}

// rows lays out the columns that there is room for. One in which nobody has anything is left out.
func rows(pairs []pair, width int) []string {
	var shown []column
	var cells [][]string
	var widths []int
	for _, c := range columns {
		own, wide, any := []string{c.title}, len(c.title), false
		for _, p := range pairs {
			text := c.text(p)
			any = any || text != ""
			own, wide = append(own, text), max(wide, len(text))
		}
		if any {
			shown, cells, widths = append(shown, c), append(cells, own), append(widths, wide)
		}
	}
	for len(shown) > 1 && total(widths) > width {
		last := 0
		for i, c := range shown {
			if c.rank >= shown[last].rank {
				last = i
			}
		}
		shown, cells, widths = slices.Delete(shown, last, last+1), slices.Delete(cells, last, last+1), slices.Delete(widths, last, last+1)
	}
	lines := make([]string, len(pairs)+1)
	for i := range lines {
		var b strings.Builder
		for c := range shown {
			if c < 2 { // names
				fmt.Fprintf(&b, "%-*s  ", widths[c], cells[c][i])
			} else {
				fmt.Fprintf(&b, "%*s  ", widths[c], cells[c][i])
			}
		}
		lines[i] = b.String()
	}
	return lines
}
