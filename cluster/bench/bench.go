package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"raftlab/cluster/launch"
)

// Options say what is compared, and how long. There are no defaults here: see the command.
type Options struct {
	Folder         string // of both clusters; made anew
	Implementation string // of the peers that are compiled in
	Etcd           string // the program; empty: this framework is compared with itself
	Benchmark      string // the program; empty: the load of this package
	Members        int
	Loads          []string
	Clients        []int
	Pairs          int
	Seconds        float64 // that one run takes about
	WarmUp         time.Duration
	ValueSize      int // bytes
	Prefill        int // keys
	SnapshotCount  int // entries between two snapshots; this framework counts bytes, and takes one at about as many
	Keep           bool
	Say            func(format string, args ...any)
	// Save is called with what there is whenever a pair is complete.
	Save func(*Report) error
	// Earlier is what a comparison has measured that goes on here, or nil.
	Earlier *Report
}

// Sample is one run.
type Sample struct {
	Done
	CPU     float64 `json:"cpuSeconds"` // of all members
	Fsyncs  float64 `json:"fsyncs"`     // of the logs
	Commits float64 `json:"commits"`    // of the databases
	Bytes   float64 `json:"logBytes"`
	Memory  float64 `json:"memoryBytes"` // of all members, at the end
}

// rate is requests a second.
func (s Sample) rate() float64 { return float64(s.Total) / s.Seconds }

// cpu is seconds for each request.
func (s Sample) cpu() float64 { return s.CPU / float64(s.Total) }

// Pair is a run on each side.
type Pair struct {
	A Sample `json:"a"`
	B Sample `json:"b"`
}

// Cell is one load with so many clients.
type Cell struct {
	Load    string `json:"load"`
	Clients int    `json:"clients"`
	Total   int    `json:"total"`   // requests of a run
	Control []Pair `json:"control"` // B against another cluster of its kind
	Pairs   []Pair `json:"pairs"`   // A against B
}

// Settings are what two comparisons must have in common to be one.
type Settings struct {
	A             string  `json:"a"`
	B             string  `json:"b"`
	Load          string  `json:"loadProgram"`
	Members       int     `json:"members"`
	ValueSize     int     `json:"valueSize"`
	Prefill       int     `json:"prefill"`
	SnapshotCount int     `json:"snapshotCount"`
	Seconds       float64 `json:"seconds"`
}

// Report is all that was measured.
type Report struct {
	Settings
	Began       time.Time `json:"began"`
	Interrupted bool      `json:"interrupted,omitempty"`
	Cells       []*Cell   `json:"cells"`
}

// bench is a comparison under way.
type bench struct {
	o      Options
	report *Report
}

// Duration is about how long it takes.
func (o Options) Duration() time.Duration {
	cell := 2*(2*time.Duration(o.Pairs)*time.Duration(o.Seconds*float64(time.Second))) + 4*o.WarmUp
	return (time.Duration(len(o.Loads)*len(o.Clients)) * cell).Round(time.Second)
}

// Run compares. When ctx is over it returns what there is until then.
func Run(ctx context.Context, o Options) (*Report, error) {
	b := &bench{o: o, report: &Report{Settings: o.settings(), Began: time.Now().Round(time.Second)}}
	if o.Earlier != nil {
		if o.Earlier.Settings != b.report.Settings {
			return nil, fmt.Errorf("going on with %+v: what was measured before is of %+v", b.report.Settings, o.Earlier.Settings)
		}
		b.report = o.Earlier
		b.report.Interrupted = false
	}
	for _, load := range o.Loads {
		for _, n := range o.Clients {
			if b.report.cell(load, n) == nil {
				b.report.Cells = append(b.report.Cells, &Cell{Load: load, Clients: n})
			}
		}
	}
	if err := b.room(); err != nil {
		return nil, err
	}
	if !o.Keep {
		defer b.clear()
	}
	err := b.all(ctx)
	if err != nil && ctx.Err() != nil {
		b.report.Interrupted, err = true, nil
	}
	return b.report, err
}

// settings are those of a report.
func (o Options) settings() Settings {
	s := Settings{A: o.Implementation, B: "etcd", Load: "benchmark", Members: o.Members, ValueSize: o.ValueSize, Prefill: o.Prefill,
		SnapshotCount: o.SnapshotCount, Seconds: o.Seconds}
	if o.Etcd == "" {
		s.B = o.Implementation + ", again"
	}
	if o.Benchmark == "" {
		s.Load = "own"
	}
	return s
}

// cell finds a load, or nil.
func (r *Report) cell(load string, clients int) *Cell {
	i := slices.IndexFunc(r.Cells, func(c *Cell) bool { return c.Load == load && c.Clients == clients })
	if i < 0 {
		return nil
	}
	return r.Cells[i]
}

// clusters are the directories that are made in the folder.
var clusters = []string{"control-1", "control-2", "ours", "theirs"}

// room makes the folder, without what a former comparison has left there.
func (b *bench) room() error {
	b.clear()
	return os.MkdirAll(b.o.Folder, 0o755)
}

func (b *bench) clear() {
	for _, name := range clusters {
		if err := os.RemoveAll(filepath.Join(b.o.Folder, name)); err != nil {
			b.o.Say("removing a cluster: %v", err)
		}
	}
}

// all measures everything: the other side against itself first.
func (b *bench) all(ctx context.Context) error {
	theirs := b.etcd
	if b.o.Etcd == "" {
		theirs = b.ours
	}
	b.o.Say("control: %s against %s", b.report.B, b.report.B)
	control := func(c *Cell) *[]Pair { return &c.Control }
	if err := b.compare(ctx, theirs, theirs, clusters[:2], control); err != nil {
		return err
	}
	b.o.Say("%s against %s", b.report.A, b.report.B)
	return b.compare(ctx, b.ours, theirs, clusters[2:], func(c *Cell) *[]Pair { return &c.Pairs })
}

type starter func(ctx context.Context, name string) (*side, error)

// compare starts two clusters and measures on them all pairs that are missing.
func (b *bench) compare(ctx context.Context, startA, startB starter, names []string, pairs func(*Cell) *[]Pair) error {
	var due []*Cell
	for _, c := range b.report.Cells {
		if len(*pairs(c)) < b.o.Pairs && slices.Contains(b.o.Loads, c.Load) && slices.Contains(b.o.Clients, c.Clients) {
			due = append(due, c)
		}
	}
	if len(due) == 0 {
		return nil
	}
	var sides []*side
	for i, start := range []starter{startA, startB} {
		s, err := start(ctx, names[i])
		if err != nil {
			return err
		}
		defer s.end()
		if err := s.prefill(ctx, b.o.Prefill, strings.Repeat("p", b.o.ValueSize)); err != nil {
			return err
		}
		sides = append(sides, s)
	}
	for _, c := range due {
		if err := b.cell(ctx, c, sides, pairs(c)); err != nil {
			return err
		}
	}
	return nil
}

// cell measures one load. A run has as many requests as the slower side makes in the time that is
// asked for, the same on both sides.
func (b *bench) cell(ctx context.Context, c *Cell, sides []*side, pairs *[]Pair) error {
	for _, s := range sides {
		if err := b.warm(ctx, c, s); err != nil {
			return err
		}
	}
	for i := len(*pairs); i < b.o.Pairs; i++ {
		var got [2]Sample
		for j := range got {
			at := (i + j) % 2 // A B, B A, ...
			var err error
			if got[at], err = b.sample(ctx, c, sides[at]); err != nil {
				return err
			}
		}
		*pairs = append(*pairs, Pair{got[0], got[1]})
		b.o.Say("%s, %d clients, pair %d of %d: %.0f and %.0f requests a second; %.1f and %.1f us of CPU each", c.Load, c.Clients, i+1, b.o.Pairs,
			got[0].rate(), got[1].rate(), 1e6*got[0].cpu(), 1e6*got[1].cpu())
		if err := b.o.Save(b.report); err != nil {
			return err
		}
	}
	return nil
}

// firstTry is how many requests a client makes at first, to see how fast it goes.
const firstTry = 20

// warm has a cluster work for a while, and finds out how much is enough for a run.
func (b *bench) warm(ctx context.Context, c *Cell, s *side) error {
	w := b.work(c, s)
	w.Total = firstTry * c.Clients
	for began := time.Now(); ; {
		d, err := b.run(ctx, w)
		if err != nil {
			return err
		}
		rate := float64(d.Total) / d.Seconds
		left := b.o.WarmUp - time.Since(began)
		if left <= 0 {
			enough := max(int(rate*b.o.Seconds), c.Clients)
			if c.Total == 0 || enough < c.Total {
				c.Total = enough
			}
			return nil
		}
		w.Total = max(w.Total, int(rate*left.Seconds()))
	}
}

func (b *bench) work(c *Cell, s *side) Work {
	return Work{Load: c.Load, Endpoints: s.members, Clients: c.Clients, Total: c.Total, ValueSize: b.o.ValueSize}
}

// sample is one run with what it cost.
func (b *bench) sample(ctx context.Context, c *Cell, s *side) (Sample, error) {
	var before, after meter
	if err := before.read(ctx, s.members); err != nil {
		return Sample{}, err
	}
	d, err := b.run(ctx, b.work(c, s))
	if err != nil {
		return Sample{}, err
	}
	if err := after.read(ctx, s.members); err != nil {
		return Sample{}, err
	}
	return Sample{Done: d, CPU: after.CPU - before.CPU, Fsyncs: after.Fsyncs - before.Fsyncs, Commits: after.Commits - before.Commits,
		Bytes: after.Bytes - before.Bytes, Memory: after.Memory}, nil
}

// ReadJSON reads a report that [Report.WriteJSON] has written.
func ReadJSON(name string) (*Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading what was measured: %w", err)
	}
	r := &Report{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("reading what was measured, in %s: %w", name, err)
	}
	return r, nil
}

// WriteJSON writes a report to a file: all of it, or what was there before.
func (r *Report) WriteJSON(name string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := launch.WriteDurably(name, b); err != nil {
		return fmt.Errorf("writing what was measured: %w", err)
	}
	return nil
}
