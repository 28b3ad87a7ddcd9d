// Package experiment holds what `raftlab compare` measures. An experiment is one file: what is set
// up, what varies, what is measured, what is expected and who says so. It runs as a case of the
// harness, in the engine, so that a seed's numbers are the same on every machine:
//
//	raftlab compare ---- Job: case "rejoin/prevote", seed 3 ----> guest: Run(t, raft.Make)
//	  median, spread  <--- notes in the trace, "measured ..." ---   Trial.Measure
//
// Contents:
//
//   - [Experiment], [Variant], [Metric], [Trial]: the form (this file); [Setting] (settings.go),
//     [Sweep] (sweep.go)
//   - [All]: the list; rejoin.go, partial.go, reads.go, followers.go, catchup.go, steady.go,
//     move.go, pipeline.go, batch.go, disk.go, overload.go, uncommitted.go, together.go: one
//     experiment each
//   - load.go: clients that write to bare peers, and what they see; stream.go: commands that come
//     whether or not the last ones are through
//   - service.go: a key/value service on the peers, and its users
//   - sharded.go: a sharded one, and its visitors; journal.go: what can be seen of a shard that
//     moves
//   - costs.go: messages and writes, counted
//   - subject.go: what they run on: peers, or somebody's service; package own: this project's services
//   - guest.go: from experiments to cases, and back
package experiment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Experiment compares peers that differ in one respect.
type Experiment struct {
	Name       string
	Question   string
	Setup      string
	Hypothesis string // what is expected, and why
	Source     string // of the hypothesis
	LeftOut    string // what the numbers do not show, although a reader might think so
	Settings   []Setting
	Swept      string // what is swept unless --set says otherwise, as it would say it; or ""
	Seeds      string // that it takes to see the spread: "1-3"
	Variants   []Variant
	Baseline   string // the variant that the others of its scene are measured against, without its scene: "none"
	Metrics    []Metric
	Run        func(*Trial)
	Of         string // [KV] or [Sharded] if somebody's service can be measured, and not only peers
}

// BaselineOf names the variant that v is measured against. It is empty if v is that variant itself,
// or there is none.
func (x Experiment) BaselineOf(v Variant) string {
	for _, of := range x.Variants {
		if of.Scene == v.Scene && strings.TrimPrefix(of.Name, of.Scene+"-") == x.Baseline && of.Name != v.Name {
			return of.Name
		}
	}
	return ""
}

// Variant is one of the things compared.
type Variant struct {
	Name       string
	Extensions []string // of the peers (raftapi.Extensions)
	Scene      string   // what else differs; for the experiment. A report has a table for each
	Reads      kvapi.ReadPath
	// OfPaper says that the variant is the paper with one thing added, or none: a peer that always
	// has all of them is not asked.
	OfPaper bool
}

// Metric is something measured. Each trial measures each metric once.
type Metric struct {
	Name    string `json:"name"`
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
	Better  Better `json:"better,omitempty"`
	Plot    bool   `json:"plot,omitempty"` // a report draws it
}

// Better says which values of a metric one would rather have.
type Better string

// The directions. A metric without one describes, and is no reason for anything.
const (
	Less Better = "less"
	More Better = "more"
)

// All lists the experiments.
func All() []Experiment {
	return []Experiment{together(), reads(), followers(), pipeline(), batch(), disk(), overload(), uncommitted(), catchup(),
		rejoin(), partial(), steady(), move()}
}

// Find returns the experiment of that name.
func Find(name string) (Experiment, error) {
	var names []string
	for _, x := range All() {
		if x.Name == name {
			return x, nil
		}
		names = append(names, x.Name)
	}
	return Experiment{}, fmt.Errorf("no experiment is called %q; there are %s", name, strings.Join(names, ", "))
}

// Trial is one run of a variant with one seed.
type Trial struct {
	*tester.Env
	Experiment Experiment
	Variant    Variant
	Subject
	settings []Setting
}

// cluster starts n peers with the variant's extensions.
func (t *Trial) cluster(n int) *tester.Cluster { return t.clusterWith(n, t.options()) }

func (t *Trial) clusterWith(n int, o tester.Options) *tester.Cluster {
	c := t.NewCluster(t.Peer, n, o)
	t.setNetwork(c.Network())
	return c
}

func (t *Trial) options() tester.Options {
	return tester.Options{Extensions: t.Variant.Extensions, Fsync: t.Duration("fsync"), DiskBandwidth: t.Int("disk")}
}

// able notes that the peer lacks the variant's extensions, if it does.
func (t *Trial) able() bool {
	if len(t.Variant.Extensions) == 0 || t.Peer == nil {
		return true // a service says itself what it lacks
	}
	ends, cleanup := nowhere(3)
	defer cleanup()
	peer := t.Peer(ends, 0, raftapi.MakePersister(), make(chan raftapi.ApplyMsg))
	defer peer.Kill()
	x, ok := peer.(raftapi.Extendable)
	why := "it has no method Extend, as raftapi.Extendable describes it"
	if ok {
		err := x.Extend(t.Variant.Extensions...)
		if err == nil {
			return true
		}
		why = "its Extend says: " + err.Error()
	}
	name, _, _ := strings.Cut(t.Variant.Extensions[len(t.Variant.Extensions)-1], ":")
	t.Lack("no "+name, why)
	return false
}

// nowhere returns ends of a network without servers.
func nowhere(n int) (ends []*labrpc.ClientEnd, cleanup func()) {
	net := labrpc.MakeNetwork()
	for i := range n {
		ends = append(ends, net.MakeEnd(i))
	}
	return ends, net.Cleanup
}

// setNetwork makes a round trip, and what links and servers can carry, what the settings say.
func (t *Trial) setNetwork(net *labrpc.Network) {
	oneWay := t.Duration("rtt") / 2
	net.Latency(oneWay*95/100, oneWay*105/100)
	net.Bandwidth(t.Int("link"))
	net.ServiceTime(t.Duration("service"))
}

// Measure writes down what was measured.
func (t *Trial) Measure(metric string, value float64) { t.note(Measured{Metric: metric, Value: value}) }

// Unmeasured writes down why there is no number: short stands in its place, why explains it.
func (t *Trial) Unmeasured(metric, short, why string) {
	t.note(Measured{Metric: metric, Short: short, Why: why})
}

// Lack writes down that the peer cannot do what the variant is about.
func (t *Trial) Lack(short, why string) {
	for _, m := range t.Experiment.Metrics {
		t.Unmeasured(m.Name, short, why)
	}
}

// Measured is what a trial says about one metric. It travels as a note in the trace.
type Measured struct {
	Metric string
	Value  float64
	Short  string `json:",omitempty"` // if there is no value: what to say instead
	Why    string `json:",omitempty"`
}

// measured begins the notes that hold what was measured.
const measured = "measured "

func (t *Trial) note(m Measured) {
	if !slices.ContainsFunc(t.Experiment.Metrics, func(of Metric) bool { return of.Name == m.Metric }) {
		panic("experiment: " + t.Experiment.Name + " has no metric " + m.Metric)
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // an infinity, or no number at all
	}
	t.Note("%s%s", measured, text)
}

// ParseMeasured reads such a note. ok is false for all others.
func ParseMeasured(note string) (m Measured, ok bool) {
	text, ok := strings.CutPrefix(note, measured)
	if !ok {
		return m, false
	}
	return m, json.Unmarshal([]byte(text), &m) == nil
}
