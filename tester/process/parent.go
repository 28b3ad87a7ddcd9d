//go:build !wasip1

package process

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/tester/rules"
)

// childWall is the wall-clock time after which a child is killed, whatever it does.
const childWall = 9 * time.Minute

// runInChild runs the case that p names in a child process of this test binary, in its test
// called root, and returns what came of it and what it printed.
func runInChild(t *testing.T, root string, p record.Params) (report, *output) {
	t.Helper()
	dir := t.TempDir()
	p.Secret = rand.Text()
	params, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "verdict")
	ctx, cancel := context.WithTimeout(t.Context(), childTime(t))
	defer cancel()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, binary, "-test.run=^"+root+"$", "-test.timeout=0", "-test.count=1")
	cmd.Env = append(os.Environ(), paramsVariable+"="+string(params), verdictVariable+"="+file)
	if realClock {
		cmd.Env = append(cmd.Env, clockVariable+"=real")
	}
	if *eventsFlag != "" {
		cmd.Env = append(cmd.Env, traceVariable+"="+absolute(traceFile(p)))
	}
	stdin, err := cmd.StdinPipe() // held open: see endWithParent
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out := &output{live: testing.Verbose()}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	rep := verdictOf(file, p.Secret, out, err)
	if ctx.Err() != nil && rep.Outcome == record.Crash {
		rep = report{Verdict: record.Verdict{Outcome: record.Inconclusive, Message: "killed by the wall clock"}}
	}
	return rep, out
}

// childTime is the time that a child has: less than the test binary itself.
func childTime(t *testing.T) time.Duration {
	if end, ok := t.Deadline(); ok {
		return min(childWall, max(time.Until(end)-5*time.Second, time.Second))
	}
	return childWall
}

func absolute(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

// verdictOf reads the verdict that a child has left. If there is none, the child died before it
// came to one.
func verdictOf(file, secret string, out *output, ended error) report {
	var rep report
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &rep)
	}
	printed := out.String()
	switch {
	case err != nil || rep.Secret != secret:
		return report{Verdict: crashVerdict(printed, ended)}
	case rep.Outcome == record.Pass && ended != nil && strings.Contains(printed, "WARNING: DATA RACE"):
		at := strings.Index(printed, "WARNING: DATA RACE")
		rep.Verdict = record.Verdict{Outcome: record.Fail, Rule: string(rules.DataRace), Time: rep.Time,
			Message: "the race detector has found two goroutines that use the same memory without a lock", Stack: clip(printed[at:], stacks.Limit)}
	}
	return rep
}

// crashVerdict says how a process died that left no verdict.
func crashVerdict(printed string, ended error) record.Verdict {
	v := record.Verdict{Outcome: record.Crash, Rule: string(rules.Crash)}
	var exit *exec.ExitError
	switch {
	case ended == nil:
		v.Message = "the process ended itself (os.Exit?) before the case was over"
		return v
	case !errors.As(ended, &exit):
		return record.Verdict{Outcome: record.FrameworkError, Message: "the child process could not be run: " + ended.Error()}
	}
	at := -1
	for _, sign := range []string{"panic: ", "fatal error: ", "\tfatal error: ", "runtime: ", "SIG"} {
		if at = strings.Index(printed, "\n"+sign); at >= 0 {
			at++
			break
		}
		if strings.HasPrefix(printed, sign) {
			at = 0
			break
		}
	}
	if at < 0 {
		v.Message = "the process died: " + ended.Error()
		v.Stack = clip(printed[max(len(printed)-stacks.Limit, 0):], stacks.Limit)
		return v
	}
	message, _, _ := strings.Cut(printed[at:], "\n")
	v.Message, v.Stack = strings.TrimSpace(message), clip(printed[at:], stacks.Limit)
	if stacks.Ours(v.Stack) {
		v.Outcome, v.Rule = record.FrameworkError, ""
	}
	return v
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "\n... (cut)\n"
}

// output keeps the end of what a child printed, and its beginning where that is all.
type output struct {
	live bool // also print it at once
	mu   sync.Mutex
	b    bytes.Buffer
	lost int
}

// outputLimit is how much of a child's output is kept, in bytes.
const outputLimit = 8 << 20

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.live {
		os.Stdout.Write(p)
	}
	o.b.Write(p)
	if extra := o.b.Len() - outputLimit; extra > outputLimit/4 {
		o.b.Next(extra)
		o.lost += extra
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// save writes the output to a file that outlives the test and returns its name; empty if there is
// nothing.
func (o *output) save(name string) string {
	text := o.String()
	if strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "PASS")) == "" {
		return ""
	}
	file := filepath.Join(os.TempDir(), "raftlab-"+strings.ReplaceAll(name, "/", "-")+".out")
	if o.lost > 0 {
		text = fmt.Sprintf("(the first %d bytes are not kept)\n", o.lost) + text
	}
	if os.WriteFile(file, []byte(text), 0o644) != nil {
		return ""
	}
	return file
}
