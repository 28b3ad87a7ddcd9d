package experiment

import (
	"fmt"
	"strconv"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// stopAndWait is the variant without a window.
const stopAndWait = "paper"

// pipeline: what it gives to send before the last message is answered, by window, round trip and
// size.
func pipeline() Experiment {
	x := Experiment{
		Name:     "pipeline",
		Question: "What does it give not to wait for the last answer?",
		Setup: "`peers` bare peers, and a command each `interval` for `during`, whether or not the last ones are through: an open loop. In `small` a command has 128 bytes, in " +
			"`large` 16 KiB. A message holds up to 256 entries and 1 MiB. *paper* sends, waits for the answer, and sends what has come in meanwhile. The others have " +
			"a window: so many messages with entries may be on their way to a follower.",
		Hypothesis: "A leader that waits makes a command wait for up to a round trip until it is sent at all, so that it takes one and a half of them instead of one. It carries as many " +
			"commands all the same, as long as a round trip's worth of them fits into a message; beyond that it carries a message per round trip, and the rest piles up. " +
			"A window of one message is no better.",
		Source: "Ongaro's dissertation §10.2.2; etcd's server has a window of 512 messages (maxInflightMsgs) of up to 1 MiB (maxSizePerMsg).",
		LeftOut: "What a message costs the processor and the kernel, which is what many small messages are paid with; loss; TCP, whose own window may be the smaller one. " +
			"The rows of etcdraft have no *paper*: the library always pipelines.",
		Settings: append([]Setting{
			{"peers", "3", "peers", count},
			{"interval", "1ms", "between two commands", period},
			{"during", "2s", "how long they come", period},
		}, surroundings("50ms", "0s", "0")...),
		Swept:    "rtt=1ms..50ms..200ms",
		Seeds:    "1-2",
		Baseline: stopAndWait,
		Metrics: []Metric{
			{"committed", "per s", "commands that were committed while they came", More, true},
			{"p50", "ms", "median of the time from when a command was due until the leader had applied it, of those that were", Less, true},
			{"p99", "ms", "the 99th percentile of it", Less, false},
			{"backlog", "", "the most commands that were proposed and not committed at once", Less, true},
			{"RPCs", "", "between peers, per command that was committed", Less, false},
		},
		Run: runPipeline,
	}
	for _, scene := range []string{"small", "large"} {
		x.Variants = append(x.Variants, Variant{Name: scene + "-" + stopAndWait, Scene: scene, OfPaper: true})
		for _, window := range []int{1, 4, 64, 512} {
			x.Variants = append(x.Variants, Variant{Name: scene + "-window " + strconv.Itoa(window), Scene: scene, Extensions: []string{windowOf(window)}})
		}
	}
	return x
}

// windowOf is the extension with a window of so many messages, whatever their bytes.
func windowOf(messages int) string {
	return fmt.Sprintf("%s:messages=%d:bytes=%d", raftapi.Pipeline, messages, 1<<30)
}

func runPipeline(t *Trial) {
	if !t.able() {
		return
	}
	size := 128
	if t.Variant.Scene == "large" {
		size = 16 << 10
	}
	c := t.cluster(t.Int("peers"))
	s := newStream(c, t.Duration("interval"), size)
	t.Sleep(time.Second)
	rpcs, during := c.TotalRPCs(), t.Duration("during")
	s.run(during)
	took := s.sorted()
	if len(took) == 0 {
		t.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: "nothing was committed: raise during"})
	}
	n := float64(len(took))
	t.Measure("committed", n/during.Seconds())
	t.Measure("p50", milliseconds(percentile(took, 50)))
	t.Measure("p99", milliseconds(percentile(took, 99)))
	t.Measure("backlog", float64(s.most))
	t.Measure("RPCs", float64(c.TotalRPCs()-rpcs)/n)
}
