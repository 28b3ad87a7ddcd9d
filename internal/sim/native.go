package sim

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
)

// This file runs a case natively: in a process of this machine, whose Go runtime has the same edits
// as a guest's and some more (goruntime_native.go). The run is the one that the wasm engine makes,
// event by event. It is no sandbox: the code under test can do what the user can.
//
//	parent                                child: the test binary, one case
//	  parameters (environment) ------------->
//	  <------------- everything it prints, one pipe, always drained
//	  <------------- events and verdict, files in a directory of the run
//
// The child reads nothing, is a process group of its own, and is killed when its time is over.

// nativeEnv is what the environment of the code under test has of the parent's: without these some
// systems start no process, or find no place for temporary files.
var nativeEnv = []string{"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LOCALAPPDATA"}

// native runs j.
func native(ctx context.Context, j Job) (r Result) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "raftlab-run-")
	if err != nil {
		return Result{Verdict: frameworkError(fmt.Errorf("make a directory for the run: %w\n%s", err, elsewhere))}
	}
	defer os.RemoveAll(dir)
	n := &nativeRun{Job: j, began: began, dir: dir, events: newEvents(), output: &output{}}
	cmd, err := n.command(ctx)
	if err != nil {
		return Result{Verdict: frameworkError(err)}
	}
	wall := j.Wall
	if runtime.GOOS != "linux" { // the processor time of a child is not known there
		wall = min(wall, 4*j.CPU)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wall, errTooLong)
	defer cancel()
	ended := runGroup(ctx, j.CPU, cmd)
	r = n.result(ctx, ended)
	if cmd.ProcessState != nil {
		r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	r.Wall = time.Since(began)
	return r
}

// elsewhere is what to do where temporary files cannot be made.
const elsewhere = "native runs keep what they say in temporary files: set TMPDIR to a directory that can be written to, with room for a few MiB"

var (
	errTooLong = errors.New("the run's time is over")
	errTooMuch = errors.New("the run's processor time is over")
)

// nativeRun is one run, seen from the parent.
type nativeRun struct {
	Job
	began  time.Time
	dir    string
	events *events
	output *output
	end    record.NativeEnd
	last   time.Duration // of the last event
	told   bool          // the process has said when it ended
}

// command is the child. The debugger starts the same one.
func (n *nativeRun) command(ctx context.Context) (*exec.Cmd, error) {
	if n.Params.Secret == "" {
		n.Params.Secret = newSecret()
	}
	var err error
	if n.Trace != "" {
		if n.events.file, err = createLimited(n.Trace); err != nil {
			return nil, fmt.Errorf("create the trace: %w", err)
		}
	}
	if n.Output != "" {
		if n.output.file, err = createLimited(n.Output); err != nil {
			return nil, fmt.Errorf("create the output file: %w", err)
		}
	}
	env, err := nativeEnvironment(n.Job, n.dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(n.Binary.Path, nativeArgs(n.Job)...)
	cmd.Env, cmd.Dir = env, n.dir
	cmd.Stdout, cmd.Stderr = n.output, n.output // one pipe
	return cmd, nil
}

func nativeArgs(j Job) []string {
	return []string{"-test.run=^" + j.Test + "$", "-test.timeout=0", "-test.count=1"}
}

// maxParams is how many bytes of parameters go through the environment: Linux takes 128 KiB for a
// variable.
const maxParams = 64 << 10

// nativeEnvironment is the whole environment of the child. dir takes what it leaves.
func nativeEnvironment(j Job, dir string) ([]string, error) {
	params, err := json.Marshal(j.Params)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(j.MemoryLimit, defaultMemory)
	if len(params) > maxParams {
		file := filepath.Join(dir, "params")
		if err := os.WriteFile(file, params, 0o600); err != nil {
			return nil, fmt.Errorf("write the parameters of the run: %w", err)
		}
		params = []byte(record.ParamsIn + file)
	}
	var env []string
	for _, key := range nativeEnv {
		if value, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+value)
		}
	}
	env = append(env, j.Env...)
	return append(env,
		"GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT="+strconv.FormatInt(limit/2, 10),
		"GODEBUG=asyncpreemptoff=1,gcstoptheworld=2", "GORACE=halt_on_error=0 atexit_sleep_ms=0",
		record.MemoryVariable+"="+strconv.FormatInt(limit, 10),
		record.ParamsVariable+"="+string(params),
		record.VerdictVariable+"="+filepath.Join(dir, "verdict"),
		record.TraceVariable+"="+filepath.Join(dir, "events")), nil
}

// runGroup runs cmd until it has ended, has used up its processor time or ctx has ended, and leaves
// nothing of its process group.
func runGroup(ctx context.Context, cpu time.Duration, cmd *exec.Cmd) error {
	runtime.LockOSThread() // on Linux the child is to die with the thread that has started it
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := make(chan struct{})
	go func() {
		looks := time.NewTicker(glance)
		defer looks.Stop()
		for {
			select {
			case <-over:
				return
			case <-ctx.Done():
				killGroup(cmd.Process)
				return
			case <-looks.C:
				if familyTime(cmd.Process.Pid) > cpu {
					stop(errTooMuch)
				}
			}
		}
	}()
	err := cmd.Wait()
	close(over)
	killGroup(cmd.Process) // what it may have started
	if cause := context.Cause(ctx); errors.Is(cause, errTooMuch) {
		return cause
	}
	return err
}

var (
	lastTime = regexp.MustCompile(`raftlab: the end is at (\d+)\n`)
	lostWhat = regexp.MustCompile(`(?m)^` + record.Lost + `(.*)$`)
	busyWhy  = regexp.MustCompile(`(?m)^raftlab: busy loop: (.*)$`)
)

// result says how the child ended.
func (n *nativeRun) result(ctx context.Context, ended error) Result {
	if err := n.readEvents(); err != nil {
		return Result{Verdict: frameworkError(err)}
	}
	printed := n.output.tail
	at := n.last
	if m := lastTime.FindAllSubmatch(printed, -1); m != nil {
		ns, _ := strconv.ParseInt(string(m[len(m)-1][1]), 10, 64)
		at, n.told = time.Duration(ns), true
	}
	n.output.tail = lastTime.ReplaceAll(printed, nil)
	text, err := os.ReadFile(filepath.Join(n.dir, "verdict"))
	if err == nil {
		err = json.Unmarshal(text, &n.end)
	}
	v := n.end.Verdict
	cut := true // where it ended says nothing
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errTooLong):
		v = tooLong(time.Since(n.began))
	case errors.Is(ended, errTooMuch):
		v = tooMuchCPU(n.CPU)
	case ctx.Err() != nil:
		v = interrupted(ctx).Verdict
	case err != nil || v.Secret != n.Params.Secret:
		v = n.ending(ended, at)
		cut = !v.Outcome.Decided()
	default:
		cut = false
	}
	if found := raceReport(string(n.output.tail)); found != "" && (v.Outcome == record.Pass || v.Outcome == record.Crash) {
		v.Outcome, v.Rule, v.Stack = record.Fail, RaceRule, found
		v.Message = "two goroutines use the same memory without a lock: " + raceSummary(found, n.Binary.UnderTest)
	}
	v.Secret = ""
	v.Stack = v.Stack[:min(len(v.Stack), maxStack)]
	r := Result{Verdict: v, Virtual: max(at, v.Time), GCs: n.end.GCs, Idle: n.end.Idle}
	if !cut {
		r.Hash = n.events.sum(v)
	}
	if v.Outcome != record.Pass {
		r.OutputTail, r.LastEvents = n.output.Tail(), n.events.tail()
	}
	if n.end.Forced > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d garbage collections in the middle of work: printing more may change this run", n.end.Forced))
	}
	if err := errors.Join(n.events.close(), n.output.file.Close()); err != nil {
		r.Unkept = err.Error()
		r.Notes = append(r.Notes, r.Unkept)
	}
	return r
}

// ending explains a child that left no verdict, in the words of a guest's ending.
func (n *nativeRun) ending(ended error, at time.Duration) record.Verdict {
	var exit *exec.ExitError
	if errors.Is(ended, errDebugged) && !n.told {
		return record.Verdict{Outcome: record.Inconclusive, Message: "the debugger was left before the run had ended"}
	}
	if ended != nil && !errors.As(ended, &exit) && !errors.Is(ended, exec.ErrWaitDelay) && !errors.Is(ended, errDebugged) {
		return frameworkError(fmt.Errorf("run the test binary %s: %w", n.Binary.Path, ended))
	}
	v := record.Verdict{Outcome: record.Crash, Time: at}
	printed := string(n.output.tail)
	if lost := lostWhat.FindStringSubmatch(printed); lost != nil {
		return frameworkError(fmt.Errorf("the run has ended, because it cannot keep %s\n%s", lost[1], elsewhere))
	}
	words, stack, died := lastWords(n.output.last())
	code := 0
	if exit != nil {
		code = exit.ExitCode()
	} else if errors.Is(ended, errDebugged) { // the debugger keeps the code to itself, but the runtime's last words come with this one
		code = 2
	}
	asked := strings.Contains(printed, "raftlab: os.Exit was called\n") // it has not crashed, whatever it printed
	if flooded, ok := flood(n.Binary.UnderTest, printed); ok && code == 2 && !asked {
		flooded.Time = at
		return flooded
	}
	switch why := busyWhy.FindStringSubmatch(printed); {
	case asked:
		v.Rule, v.Message = "process ended", endedMessage(code, strings.ReplaceAll(printed, "raftlab: os.Exit was called\n", ""), asked)
	case why != nil:
		v.Outcome, v.Rule, v.Message, v.Stack = record.BusyLoop, "busy loop", "the code under test "+why[1], stack
	case strings.Contains(printed, "raftlab: out of memory\n"):
		v.Outcome, v.Rule = record.OutOfMemory, "out of memory"
		v.Message = fmt.Sprintf("the run wanted more than its %d MiB of memory", cmp.Or(n.MemoryLimit, defaultMemory)>>20)
		v.Stack = stack
	case code == 2 && (strings.HasPrefix(words, asleep) || strings.Contains(words, "all goroutines in bubble are blocked")):
		v.Outcome, v.Rule = record.Stuck, "stuck"
		v.Message, v.Stack = "all goroutines wait for each other, and no timer is left to wake one", stack
	case code == 2 && words != "":
		v.Rule, v.Message, v.Stack = "crash", words, stack
		if harnessOnly(n.Binary.UnderTest, words, stack) {
			v.Outcome, v.Rule, v.Message = record.FrameworkError, "", "the harness crashed: "+words
			break
		}
		died.in(&v)
	case exit != nil && code < 0:
		v.Outcome, v.Message = record.Inconclusive, fmt.Sprintf("the run's process was killed from outside (%v), perhaps for want of memory", exit)
	default:
		v.Rule, v.Message = "process ended", endedMessage(code, printed, asked)
	}
	return v
}

// readEvents takes what the child has written: events, each perhaps with its detail on the next
// line. Zeros may follow.
func (n *nativeRun) readEvents() error {
	f, err := os.Open(filepath.Join(n.dir, "events"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it ended before it began
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	var event []byte
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the run's events: %w", err)
			}
			break // zeros, or a line that was being written when the process ended
		}
		line = line[:len(line)-1]
		if len(line) > 0 && line[0] == '"' {
			var detail string
			if json.Unmarshal(line, &detail) == nil {
				n.events.detail([]byte(detail))
			}
			continue
		}
		n.events.add(line)
		event = line
	}
	if e, ok := decoded(event); ok {
		n.last = e.Time
	}
	return nil
}
