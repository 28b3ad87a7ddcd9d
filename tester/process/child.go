//go:build !wasip1

package process

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"raftlab/internal/record"
)

// A child process is the test binary once more, told by its environment to run one case. It
// leaves its verdict in a file; its exit code and what it prints prove nothing.
const (
	paramsVariable  = "RAFTLAB_PARAMS"  // record.Params as JSON
	verdictVariable = "RAFTLAB_VERDICT" // the file to write
	traceVariable   = "RAFTLAB_TRACE"   // the file for the trace, optional
	clockVariable   = "RAFTLAB_CLOCK"   // "real", or nothing for a bubble
)

// report is what a child leaves: the verdict, and what led to it.
type report struct {
	record.Verdict
	Recent []record.Event `json:"recent,omitempty"`
}

// secret is the word by which the parent tells a verdict of this run from a file that was there
// before. It is no protection against code that looks for it.
var secret string

// childHost ends the process with the verdict.
type childHost struct {
	tailHost
	mu    sync.Mutex // the watchdog comes from outside of the run
	file  string     // for the verdict
	trace *os.File   // or nil
	line  []byte
}

func (h *childHost) Event(e *record.Event, detail string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tailHost.Event(e, detail)
	if h.trace != nil {
		h.line = appendLine(h.line[:0], e, detail)
		h.trace.Write(h.line)
	}
}

// appendLine appends the event as a line of a trace file, with its detail.
func appendLine(b []byte, e *record.Event, detail string) []byte {
	b = e.AppendJSON(b)
	return append(record.AppendDetailed(b, detail), '\n')
}

func (h *childHost) Verdict(v record.Verdict) {
	h.mu.Lock() // for good
	v.Secret = secret
	rep := report{Verdict: v}
	if v.Outcome != record.Pass {
		rep.Recent = h.tail()
	}
	leave(h.file, rep)
}

// leave writes the last words of the process to a file, and ends it.
func leave(file string, words any) {
	text, err := json.Marshal(words)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		lost("verdict", err)
	}
	os.Exit(0)
}

// lost ends the process, because something of the run cannot be kept. The parent knows the words.
func lost(what string, err error) {
	os.Stderr.WriteString(record.Lost + "the " + what + ": " + err.Error() + "\n")
	os.Exit(1)
}

// childParams returns what this process is to run, if it is a child. It takes the variables away,
// so that code under test does not come by them unawares; that is no protection, because an init of
// that code ran before. Natively there is no sandbox, and a verdict proves nothing about code that
// wants to deceive: grading is for the engine.
func childParams() (p record.Params, h *childHost, ok bool, err error) {
	text, ok := os.LookupEnv(paramsVariable)
	if !ok {
		return p, nil, false, nil
	}
	h = &childHost{file: os.Getenv(verdictVariable)}
	trace := os.Getenv(traceVariable)
	realClock = os.Getenv(clockVariable) == "real"
	for _, v := range []string{paramsVariable, verdictVariable, traceVariable, clockVariable} {
		os.Unsetenv(v)
	}
	if file, long := strings.CutPrefix(text, record.ParamsIn); long {
		content, err := os.ReadFile(file)
		if err != nil {
			return p, h, true, err
		}
		text = string(content)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, h, true, err
	}
	secret, p.Secret = p.Secret, ""
	if trace != "" {
		h.trace, err = os.Create(trace)
	}
	return p, h, true, err
}

// runChild runs one case and ends the process.
func runChild(t *testing.T, lab Lab, p record.Params, h *childHost) {
	c, err := lab.find(p.Case)
	if err != nil {
		h.Verdict(record.Verdict{Outcome: record.FrameworkError, Message: err.Error()})
	}
	if Repeatable {
		runRepeatable(t, c, p, h)
		return
	}
	go endWithParent()
	if realClock {
		c.Run(h, p)
		return
	}
	go watch(&h.pulse, h.Verdict)
	synctest.Test(t, func(*testing.T) { c.Run(h, p) })
}

// endWithParent ends the process when its parent is gone: the parent holds the other side of its
// standard input and never writes.
func endWithParent() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
