package bench

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// restless is how wide the interval of etcd against etcd may be before nothing is said of
// throughput.
const restless = 0.1

// Table writes what was measured for people to read.
func (r *Report) Table(out io.Writer) {
	fmt.Fprintf(out, "\n%s beside %s: %d members, values of %d bytes, %d keys at first, load by %s", r.A, r.B, r.Members, r.ValueSize, r.Prefill,
		map[string]string{"own": "clientv3", "benchmark": "etcd's benchmark"}[r.Load])
	if r.Interrupted {
		fmt.Fprint(out, "; INTERRUPTED, this is what there is")
	}
	fmt.Fprintf(out, ".\nRatios are %s / %s: the middle of the pairs, and its 95 %% interval.\n\n", r.A, r.B)
	r.pairs(out)
	fmt.Fprintf(out, "\nIn pairs of values %s comes first. Fsyncs (of logs), commits (of databases) and log bytes are for each request, all members\n"+
		"together, as is memory. %s against itself, where there is nothing to find:\n", r.A, r.B)
	for _, c := range r.Cells {
		if len(c.Control) > 0 {
			fmt.Fprintf(out, "  %s, %d clients: throughput %s, CPU %s\n", c.Load, c.Clients, of(c.Control, Sample.rate), of(c.Control, Sample.cpu))
		}
	}
	fmt.Fprintf(out, "Where the interval of its throughput is wider than %.0f %%, or there is none (six pairs at least), no verdict on throughput is given.\n", 100*restless)
}

// pairs writes what came of both sides.
func (r *Report) pairs(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer t.Flush()
	if !slices.ContainsFunc(r.Cells, func(c *Cell) bool { return len(c.Pairs) > 0 }) {
		fmt.Fprintln(t, "There is no pair yet.")
		return
	}
	fmt.Fprint(t, "load\tclients\tpairs\tthroughput\tCPU per request\tus of CPU\tfsyncs\tcommits\tlog bytes\tp50, p99 ms\tMiB\n")
	for _, c := range r.Cells {
		if len(c.Pairs) > 0 {
			c.row(t)
		}
	}
}

func (c *Cell) row(out io.Writer) {
	throughput := "no verdict"
	if estimateOf(c.Control, Sample.rate).Narrow(restless) {
		throughput = of(c.Pairs, Sample.rate)
	}
	per := func(of func(Sample) float64) func(Sample) float64 {
		return func(s Sample) float64 { return of(s) / float64(s.Total) }
	}
	fmt.Fprintf(out, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Load, c.Clients, len(c.Pairs), throughput, of(c.Pairs, Sample.cpu),
		c.both("%.1f", func(s Sample) float64 { return 1e6 * s.cpu() }),
		c.both("%.3f", per(func(s Sample) float64 { return s.Fsyncs })),
		c.both("%.3f", per(func(s Sample) float64 { return s.Commits })),
		c.both("%.0f", per(func(s Sample) float64 { return s.Bytes })),
		c.both("%.1f", func(s Sample) float64 { return s.P50 })+"; "+c.both("%.1f", func(s Sample) float64 { return s.P99 }),
		c.both("%.0f", func(s Sample) float64 { return s.Memory / (1 << 20) }))
}

// both are the medians of something, on each side.
func (c *Cell) both(format string, of func(Sample) float64) string {
	var a, b []float64
	for _, p := range c.Pairs {
		a, b = append(a, of(p.A)), append(b, of(p.B))
	}
	slices.Sort(a)
	slices.Sort(b)
	if slices.Max(a) == 0 && slices.Max(b) == 0 {
		return "-" // benchmark tells no latency of watchers, and of few requests
	}
	return fmt.Sprintf(format+", "+format, median(a), median(b))
}

func estimateOf(pairs []Pair, of func(Sample) float64) Estimate {
	var ratios []float64
	for _, p := range pairs {
		if a, b := of(p.A), of(p.B); a > 0 && b > 0 { // a CPU time of 0 ticks says nothing
			ratios = append(ratios, a/b)
		}
	}
	return estimate(ratios)
}

// of is the ratio of something, as text.
func of(pairs []Pair, what func(Sample) float64) string {
	switch e := estimateOf(pairs, what); {
	case e.Known():
		return fmt.Sprintf("%.2f (%.2f to %.2f)", e.Middle, e.Low, e.High)
	case e.Middle > 0:
		return fmt.Sprintf("%.2f", e.Middle)
	}
	return "-"
}
