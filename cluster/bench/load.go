package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"raftlab/cluster/launch"
	"raftlab/internal/plain"
)

// The loads, by name.
const (
	Put   = "put"   // a key of a thousand
	Range = "range" // one key, linearizable
	Txn   = "txn"   // transactions, half of which put a key and half read one; benchmark has all keys counted, too
	Watch = "watch" // each client is a watcher of one key; an event that reaches one of them is a request
)

// Loads lists them.
var Loads = []string{Put, Range, Txn, Watch}

// Work is what one run of a load has to do.
type Work struct {
	Load      string
	Endpoints []string
	Clients   int
	Total     int // requests
	ValueSize int
}

// conns is how many connections the clients share.
func (w Work) conns() int { return min(w.Clients, 100) }

// keySpace is how many keys are written.
const keySpace = 1000

// Done is what came of it.
type Done struct {
	Total   int     `json:"total"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50,omitempty"` // milliseconds; a load of watchers has none
	P99     float64 `json:"p99,omitempty"`
}

// run runs a load in a process of its own: with etcd's benchmark where there is one.
func (b *bench) run(ctx context.Context, w Work) (Done, error) {
	name, args := b.o.Benchmark, benchmarkArgs(w)
	if name == "" {
		spec, err := json.Marshal(w)
		if err != nil {
			return Done{}, err
		}
		if name, err = os.Executable(); err != nil {
			return Done{}, err
		}
		args = []string{"load", string(spec)}
	}
	c := exec.CommandContext(ctx, name, args...)
	c.SysProcAttr = launch.OwnGroup()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return Done{}, ctx.Err()
		}
		return Done{}, fmt.Errorf("the load %s with %d clients: %w\n%s", w.Load, w.Clients, err, plain.Text(errs.String(), plain.MaxText))
	}
	if b.o.Benchmark == "" {
		var d Done
		return d, json.Unmarshal(out.Bytes(), &d)
	}
	return parseBenchmark(w, out.String())
}

// benchmarkArgs are the arguments of etcd's benchmark.
func benchmarkArgs(w Work) []string {
	args := []string{"--endpoints", strings.Join(w.Endpoints, ","), "--clients", fmt.Sprint(w.Clients), "--conns", fmt.Sprint(w.conns())}
	total, size, keys := fmt.Sprint(w.Total), fmt.Sprint(w.ValueSize), fmt.Sprint(keySpace)
	switch w.Load {
	case Put:
		args = append(args, "put", "--total", total, "--val-size", size, "--key-space-size", keys)
	case Range:
		args = append(args, "range", prefillKey(0), "--total", total)
	case Txn:
		// Whatever key it is given, it reads from the first key of all on, a thousand by default.
		args = append(args, "txn-mixed", prefillKey(0), "--limit", "1", "--total", total, "--val-size", size, "--key-space-size", keys)
	case Watch:
		args = append(args, "watch", "--streams", fmt.Sprint(w.Clients), "--watch-per-stream", "1", "--watched-key-total", "1",
			"--put-total", fmt.Sprint(w.puts()))
	}
	return args
}

// puts is how many puts give the watchers as many events as there should be.
func (w Work) puts() int { return max(1, w.Total/w.Clients) }

var (
	wholeTime = regexp.MustCompile(`(?m)^\s*Total:\s+([0-9.]+) secs`)
	quantile  = regexp.MustCompile(`(?m)^\s*(50|99)% in ([0-9.]+) secs`)
)

// parseBenchmark reads what benchmark prints: one summary, or two of them side by side for a mixed
// load; for watchers the second one is of the events.
func parseBenchmark(w Work, text string) (Done, error) {
	d := Done{Total: w.Total}
	if w.Load == Watch {
		_, events, ok := strings.Cut(text, "Watch events received summary")
		if !ok {
			return d, fmt.Errorf("benchmark has not said what its watchers received")
		}
		text, d.Total = events, w.puts()*w.Clients
	}
	for _, m := range wholeTime.FindAllStringSubmatch(text, -1) {
		seconds, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return d, err
		}
		d.Seconds = max(d.Seconds, seconds)
	}
	if d.Seconds == 0 {
		return d, fmt.Errorf("benchmark has not said how long it took:\n%s", plain.Text(text, plain.MaxText))
	}
	if w.Load == Watch {
		return d, nil
	}
	for _, m := range quantile.FindAllStringSubmatch(text, -1) {
		seconds, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return d, err
		}
		to := map[string]*float64{"50": &d.P50, "99": &d.P99}[m[1]]
		*to = max(*to, 1000*seconds) // of a mixed load: the slower half
	}
	return d, nil
}
