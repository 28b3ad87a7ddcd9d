//go:build !wasip1

package process

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"raftlab/internal/record"
)

// Run is the body of a lab's test under `go test`.
func Run(t *testing.T, lab Lab) {
	t.Helper()
	if p, h, ok, err := childParams(); ok {
		if err != nil {
			t.Fatalf("raftlab: this process was started as a child with unusable parameters: %v", err)
		}
		runChild(t, lab, p, h)
		return
	}
	all, err := seeds()
	if err != nil {
		t.Fatal(err)
	}
	asked, err := askedFor()
	if err != nil {
		t.Fatal(err)
	}
	var judged atomic.Int64
	t.Cleanup(func() {
		if n := judged.Load(); n > 0 {
			t.Logf("linearizable: %d operations in the histories of all runs", n)
		}
	})
	for _, part := range lab.parts() {
		t.Run(part, func(t *testing.T) {
			if !*inProcess {
				t.Parallel()
			}
			for _, c := range lab.Cases {
				if c.Part != part {
					continue
				}
				t.Run(c.Name, func(t *testing.T) {
					if !*inProcess {
						t.Parallel()
					}
					judged.Add(int64(runSeeds(t, lab, c, all, asked)))
				})
			}
		})
	}
}

// parts returns the lab's parts in the order of the table.
func (l Lab) parts() []string {
	var parts []string
	for i, c := range l.Cases {
		if i == 0 || c.Part != l.Cases[i-1].Part {
			parts = append(parts, c.Part)
		}
	}
	return parts
}

// runSeeds runs a case with one seed after the other, up to the first that fails. It returns how
// many operations of clients were in histories that were found linearizable.
func runSeeds(t *testing.T, lab Lab, c Case, all []uint64, asked record.Params) (judged int) {
	for _, seed := range all {
		p := asked
		p.Case, p.Seed = c.ID(), seed
		var rep report
		var out *output
		if *inProcess {
			rep = runHere(t, c, p)
		} else {
			rep, out = runInChild(t, rootName(t), p)
		}
		judged += rep.Judged
		if rep.Outcome == record.Pass {
			if testing.Verbose() {
				t.Logf("seed %d: passed at %v, %d RPCs", seed, rep.Time.Round(precision), rep.RPCs)
			}
			for _, w := range append(notChecked(record.Unchecked(rep.NotChecked, rep.Why)), rep.Warnings...) {
				t.Logf("seed %d: %s", seed, w)
			}
			continue
		}
		t.Error(failure(lab, c, seed, rep, out))
		break
	}
	return judged
}

func notChecked(rules []string) []string {
	var texts []string
	for _, r := range rules {
		texts = append(texts, "not checked: "+r)
	}
	return texts
}

// rootName is the name of the test function: TestLab2 of TestLab2/2A/InitialElection.
func rootName(t *testing.T) string {
	root, _, _ := strings.Cut(t.Name(), "/")
	return root
}

// hereHost lets a run report to the test process that it runs in.
type hereHost struct {
	tailHost
	trace *os.File
	line  []byte
}

func (h *hereHost) Event(e *record.Event, detail string) {
	h.tailHost.Event(e, detail)
	if h.trace != nil {
		h.line = appendLine(h.line[:0], e, detail)
		h.trace.Write(h.line)
	}
}

// runHere runs a case in this very process.
func runHere(t *testing.T, c Case, p record.Params) report {
	h := &hereHost{}
	if *eventsFlag != "" {
		f, err := os.Create(traceFile(p))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		h.trace = f
	}
	if realClock {
		c.Run(h, p)
	} else {
		go watch(&h.pulse, func(v record.Verdict) {
			fmt.Fprintf(os.Stderr, "%s: %s\n\n%s", v.Outcome, v.Message, v.Stack)
			os.Exit(1) // a frozen bubble cannot be left
		})
		InBubble(t, func() { c.Run(h, p) })
	}
	return report{Verdict: h.total, Recent: h.tail()}
}

// InBubble runs f in a bubble. Goroutines that are left in it have been reported by then, so that
// the panic with which the bubble says so is no news.
func InBubble(t *testing.T, f func()) {
	defer func() {
		if p := recover(); p != nil && !strings.Contains(fmt.Sprint(p), "blocked goroutines remain") {
			panic(p)
		}
	}()
	synctest.Test(t, func(*testing.T) { f() })
}

// traceFile names the file for a run's trace.
func traceFile(p record.Params) string {
	return fmt.Sprintf("%s.%s.%d", *eventsFlag, strings.ReplaceAll(p.Case, "/", "-"), p.Seed)
}
