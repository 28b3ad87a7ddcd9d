package experiment

import (
	"fmt"
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/shardapi"
)

// move: what it costs to give a shard to another group.
func move() Experiment {
	x := Experiment{
		Name:     "move",
		Question: "What does a moving shard cost, against its size?",
		Setup: "The sharded key/value service (shardkv): a controller and two groups, each of `peers` servers on the peers under comparison. A shard " +
			"of so many bytes, in values of `value` each, goes from group to group. First `moves` times while nobody asks for anything: messages, writes " +
			"and bytes are counted there, less what servers do in that time anyway. Then `moves` times while one user writes to the shard, and " +
			"one to a shard of each group that stays, all without a pause: times are measured there. In `log` servers never take a snapshot, in `snapshots` when their " +
			"Raft state nears `state`.",
		Hypothesis: "The time without service does not depend on the size, because in this model messages take equally long and so do writes: it is the time until the " +
			"new owner looks, at most the mover's 100 ms, and then a round trip and an entry in a log. What the user sees is longer by the clerk's pauses. " +
			"The bytes cross the network once between groups, and `peers`-1 times inside the new one; each of its servers writes them once, " +
			"and once more for each snapshot. Shards that stay notice nothing.",
		Source:  "shardkv/doc.go; docs/life-of-a-shard-move.md.",
		LeftOut: "Bandwidth, unless `link` and `disk` are set. Many shards that move at once, and users who have never heard of the move.",
		Seeds:   "1-3",
		Settings: append([]Setting{
			{"peers", "3", "servers of each group", count},
			{"moves", "6", "how often the shard moves, each time; if it is odd, one direction counts for more", count},
			{"value", "1KiB", "size of the values in the shard", size},
			{"state", "100KiB", "in snapshots: maxraftstate", size},
		}, surroundings("5ms", "2ms", "0")...),
		Metrics: []Metric{
			{"without service", "ms", "mean over the moves: from the moment when the old owner stops to serve (applies adopt) until the new owner serves (applies install)", Less, true},
			{"waiting", "ms", "of that: in which the new owner neither asks anybody nor writes what it has heard, until its mover looks the next time", "", false},
			{"travel", "ms", "of that: from the request for the shard, the one that was answered with it, to the install", "", false},
			{"user waits", "ms", "mean over the moves: the longest operation at the moving shard", Less, true},
			{"elsewhere", "ms", "by how much the longest operation at the shards that stay is longer than in the second before, in which nothing moves", Less, false},
			{"RPCs", "", "between servers, per move", Less, false},
			{"between groups", "", "of these: those from one group to the other", "", false},
			{"sent between", "KiB", "by them, per move", Less, true},
			{"sent inside", "KiB", "within the groups and the controller, per move", Less, false},
			{"fsyncs", "", "of all servers, per move", Less, false},
			{"written", "KiB", "to the disks of all servers, per move", Less, true},
			{"left over", "KiB", "by how much more all servers of the groups have stored after all the moves than before", Less, false},
		},
		Run: runMove,
		Of:  Sharded,
	}
	for _, name := range []string{"log-empty", "log-10KiB", "log-100KiB", "log-1MiB", "snapshots-100KiB", "snapshots-1MiB"} {
		scene, _, _ := strings.Cut(name, "-")
		x.Variants = append(x.Variants, Variant{Name: name, Scene: scene})
	}
	return x
}

// movingShard is the one that moves.
const movingShard = 0

func runMove(t *Trial) {
	if t.Shards().Controller.Start == nil {
		t.Lack("no controller", "a service in the form of 2025 has none: clients move its shards")
		return
	}
	maxState := -1
	if t.Variant.Scene == "snapshots" {
		if maxState = t.Int("state"); !t.snapshots() {
			return
		}
	}
	s := t.newSharded(maxState)
	s.fill(movingShard, bytesOf(t.Variant), t.Int("value"))
	s.measureCosts()
	s.measureTimes()
}

// bytesOf is the size of the shard in a variant.
func bytesOf(v Variant) int {
	_, text, _ := strings.Cut(v.Name, "-")
	if text == "empty" {
		return 0
	}
	bytes, err := parseSize(text)
	if err != nil {
		panic(fmt.Sprintf("experiment: %s: %v", v.Name, err))
	}
	return int(bytes)
}

// snapshots notes that the peer cannot take snapshots, if it cannot.
func (t *Trial) snapshots() bool {
	if t.Peer == nil {
		return true
	}
	ends, cleanup := nowhere(3)
	defer cleanup()
	peer := t.Peer(ends, 0, raftapi.MakePersister(), make(chan raftapi.ApplyMsg))
	defer peer.Kill()
	_, ok := peer.(raftapi.Snapshotter)
	if !ok {
		t.Lack("no snapshots", "it has no Snapshot, as raftapi.Snapshotter describes it")
	}
	return ok
}

// fill writes so many bytes to a shard, in values of one size.
func (s *shardedService) fill(shard, bytes, value int) {
	client := s.NewClient()
	clerk := s.User(client)
	s.within("the last value", client.Go(func() {
		for n := 0; bytes > 0; n++ {
			text := strings.Repeat(".", min(value, bytes))
			client.Call(func() { clerk.Put(keyOf(shard, n), text) })
			bytes -= len(text)
		}
	}))
}

// measureCosts moves the shard while nobody asks for anything.
func (s *shardedService) measureCosts() {
	t := s.t
	const quiet = 5 * time.Second
	t.Sleep(time.Second)
	before := s.bill()
	t.Sleep(quiet)
	idle := s.bill().since(before)

	moves := t.Int("moves")
	stored := s.stored()
	before = s.bill()
	for range moves {
		s.send(movingShard)
		s.rest()
	}
	used := s.bill().since(before)
	per := func(used, idle float64, at time.Duration) float64 {
		return (used - idle*float64(at)/float64(quiet)) / float64(moves)
	}
	more := func(of func(bill) float64) float64 { return per(of(used), of(idle), used.at) }
	const kib = 1024
	t.Measure("RPCs", more(func(b bill) float64 { return float64(b.rpcs) }))
	t.Measure("between groups", more(func(b bill) float64 { return float64(b.between.rpcs) }))
	t.Measure("sent between", more(func(b bill) float64 { return float64(b.between.bytes) / kib }))
	t.Measure("sent inside", more(func(b bill) float64 { return float64(b.inside.bytes) / kib }))
	t.Measure("fsyncs", more(func(b bill) float64 { return float64(b.fsyncs()) }))
	t.Measure("written", more(func(b bill) float64 { return float64(b.diskBytes) / kib }))
	t.Measure("left over", (s.stored()-stored)/kib)
}

// rest waits after a move until everybody has heard of its end, and so long that the next one does
// not always find the movers at the same place of their interval.
func (s *shardedService) rest() {
	s.t.Sleep(300*time.Millisecond + time.Duration(s.t.Rand().Int64N(int64(100*time.Millisecond))))
}

// measureTimes moves the shard while there are users.
func (s *shardedService) measureTimes() {
	t := s.t
	there := s.visit(movingShard)
	var elsewhere []*visitor
	for group := 1; group <= 2; group++ {
		for shard := range shardapi.NShards {
			if shard != movingShard && s.owner(shard) == group {
				elsewhere = append(elsewhere, s.visit(shard))
				break
			}
		}
	}
	t.Sleep(time.Second) // they find their ways
	longest(elsewhere)
	t.Sleep(time.Second)
	still := longest(elsewhere)
	var without, waiting, travel, waits time.Duration
	moves := t.Int("moves")
	for range moves {
		there.ask()
		j := s.send(movingShard)
		s.rest()
		without, waiting, travel = without+j.without, waiting+j.waiting, travel+j.travel
		waits += there.ask()
	}
	mean := func(d time.Duration) float64 { return milliseconds(d) / float64(moves) }
	if t.Insight == nil {
		for _, metric := range []string{"without service", "waiting", "travel"} {
			t.Unmeasured(metric, "not seen", "what servers tell each other of a move is known of this project's own service only; others are given "+unseen.String()+" for each move")
		}
	} else {
		t.Measure("without service", mean(without))
		t.Measure("waiting", mean(waiting))
		t.Measure("travel", mean(travel))
	}
	t.Measure("user waits", mean(waits))
	t.Measure("elsewhere", milliseconds(longest(elsewhere)-still))
	for _, v := range append(elsewhere, there) {
		v.client.Close()
	}
}

// longest is the longest operation of some visitors since this was asked last.
func longest(visitors []*visitor) (d time.Duration) {
	for _, v := range visitors {
		d = max(d, v.ask())
	}
	return d
}

// bill is what servers have done so far, or from one moment to another.
type bill struct {
	costs
	inside, between tally
}

func (s *shardedService) bill() bill {
	b := bill{costs: s.t.costs(s, s.PeerRPCs(), s.PeerBytes())}
	b.inside, b.between = s.log.traffic()
	return b
}

func (b bill) since(before bill) bill {
	return bill{b.costs.since(before.costs), b.inside.since(before.inside), b.between.since(before.between)}
}

func (t tally) since(before tally) tally { return tally{t.rpcs - before.rpcs, t.bytes - before.bytes} }
