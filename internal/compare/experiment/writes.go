package experiment

import (
	"slices"
	"time"
)

// writing is what users pay who do nothing but write, one after the other, without a pause.
var writing = []Metric{
	{"p50", "ms", "median of the time that a write takes its user", Less, true},
	{"p99", "ms", "the 99th percentile of it", Less, false},
	{"writes/s", "", "of all users", More, true},
	{"RPCs", "", "between servers, per write", Less, true},
	{"RPC bytes", "", "between servers, per write", Less, false},
	{"fsyncs", "", "of all servers, per write", Less, true},
	{"disk busy", "%", "of the time, on the server that writes most", "", false},
}

// writeInScene has one user write, or in the scene crowd the clients that there are.
func (t *Trial) writeInScene() {
	users := 1
	if t.Variant.Scene == "crowd" {
		users = t.Int("clients")
	}
	t.writeAll(users)
}

// writeAll has that many users write so often in all, and measures what writing lists.
func (t *Trial) writeAll(clients int) {
	if !t.able() {
		return
	}
	s := t.newService(t.Int("peers"))
	if s == nil {
		return
	}
	s.hire(clients)
	t.Sleep(time.Second)
	each := (t.Int("ops") + clients - 1) / clients
	before := s.costs()
	s.everyone(func(u *user) {
		u.writes = nil
		for range each {
			u.write()
		}
	})
	used := s.costs().since(before)
	var took []time.Duration
	for _, u := range s.users {
		took = append(took, u.writes...)
	}
	slices.Sort(took)
	n := float64(len(took))
	t.Measure("p50", milliseconds(percentile(took, 50)))
	t.Measure("p99", milliseconds(percentile(took, 99)))
	t.Measure("writes/s", n/used.at.Seconds())
	t.Measure("RPCs", float64(used.rpcs)/n)
	t.Measure("RPC bytes", float64(used.rpcBytes)/n)
	t.Measure("fsyncs", float64(used.fsyncs())/n)
	t.Measure("disk busy", 100*t.busy(used))
}
