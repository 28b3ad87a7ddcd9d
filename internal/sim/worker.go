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
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"raftlab/internal/record"
)

// workerEnv marks a process as a worker, and says which process started it: see [startedBy].
const workerEnv = "RAFTLAB_SIM_WORKER"

// WorkerMain turns the process into a worker, if a [Pool] started it as one, and does not return
// then. Otherwise it returns at once. Programs that use a pool call it first thing in main, their
// tests in TestMain.
func WorkerMain() {
	mark := os.Getenv(workerEnv)
	if mark == "" {
		return
	}
	if mark != startedBy(os.Getppid()) {
		fmt.Fprintf(os.Stderr, "raftlab: %s=%s is in the environment, but no raftlab started this process. "+
			"The variable marks the processes that raftlab starts for its runs: unset it.\n", workerEnv, mark)
		os.Exit(2)
	}
	firstToGo()
	signal.Ignore(os.Interrupt) // Ctrl-C reaches the whole process group; the parent decides
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "raftlab worker:", err)
		os.Exit(3)
	}
	os.Exit(0)
}

// firstToGo has Linux end this process, and not the one that started it, if a container runs out of
// memory: what is lost then is one run, and not the grading. Other systems have no such file.
func firstToGo() {
	if f, err := os.OpenFile("/proc/self/oom_score_adj", os.O_WRONLY, 0); err == nil {
		f.WriteString("1000") // the most; everybody may raise their own
		f.Close()
	}
}

// startedBy is what workerEnv is set to by the process pid for its workers. Nobody sets that by
// hand.
func startedBy(pid int) string { return fmt.Sprint("started by process ", pid) }

// serve runs the jobs that come in, one JSON object after the other, and writes their results. It
// ends when in does. A run that never ends does not see that, so a second goroutine reads, and a
// third one watches how much processor time goes by. Both need a processor of Go's scheduler for
// themselves, and no garbage collection may wait for the guest meanwhile: see [program.guarded].
func serve(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	jobs := make(chan Job)
	failed := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	var building sync.Mutex // held while a build goes on: it ends what it has started
	go func() {
		decoder := json.NewDecoder(in)
		for {
			var j Job
			if err := decoder.Decode(&j); err != nil {
				if errors.Is(err, io.EOF) { // the parent is gone, or wants no more
					cancel()
					building.Lock()
					os.Exit(0)
				}
				failed <- err
				return
			}
			jobs <- j
		}
	}()
	var loaded struct {
		id string
		*program
	}
	encoder := json.NewEncoder(out)
	for {
		select {
		case err := <-failed:
			return err
		case j := <-jobs:
			if j.Compile != nil {
				building.Lock()
				err := encoder.Encode(Result{Built: j.Compile.built(ctx)})
				building.Unlock()
				if err != nil {
					return err
				}
				continue
			}
			if j.LoadOnly {
				if err := loadOnly(ctx, j, encoder); err != nil {
					return err
				}
				continue
			}
			if loaded.program == nil || loaded.id != j.Binary.ID {
				if loaded.program != nil {
					loaded.close(ctx)
				}
				loaded.id = j.Binary.ID
				var err error
				if loaded.program, err = loadProgram(ctx, j.Binary.Path, nativeDir(j.Binary), 1); err != nil {
					if err := encoder.Encode(Result{Verdict: frameworkError(err)}); err != nil {
						return err
					}
					continue
				}
			}
			if err := encoder.Encode(loaded.guarded(ctx, j, encoder)); err != nil {
				return err
			}
		}
	}
}

// nativeDir is where the machine code of a binary in the cache is.
func nativeDir(b *Binary) string {
	return filepath.Join(filepath.Dir(filepath.Dir(b.Path)), "native", b.ID)
}

// worker is the parent's side of a worker process. It serves one job at a time.
type worker struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	results chan Result   // closed when the process ends
	errors  *tailOfStderr // what the process itself had to say
}

func startWorker() (*worker, error) { return startWorkerAs(diesWithUs()) }

func startWorkerAs(attributes *syscall.SysProcAttr) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start workers: %w", err)
	}
	w := &worker{cmd: exec.Command(self), results: make(chan Result), errors: &tailOfStderr{}}
	w.cmd.Env = append(os.Environ(), workerEnv+"="+startedBy(os.Getpid()))
	w.cmd.SysProcAttr = attributes
	w.cmd.Stderr = w.errors
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	go func() {
		decoder := json.NewDecoder(bufio.NewReader(out))
		for {
			var r Result
			if decoder.Decode(&r) != nil {
				break
			}
			w.results <- r
		}
		w.cmd.Wait()
		close(w.results)
	}()
	return w, nil
}

// workerState is what a job has left of its worker.
type workerState int

const (
	usable workerState = iota
	spent              // the run had to be ended with the process around it
	dead               // the process ended by itself: the run may be tried again
)

// do runs one job.
func (w *worker) do(ctx context.Context, j Job) (Result, workerState) {
	if err := json.NewEncoder(w.in).Encode(j); err != nil {
		return Result{Verdict: frameworkError(fmt.Errorf("hand a job to a worker: %w", err))}, dead
	}
	timer := time.NewTimer(j.Wall)
	defer timer.Stop()
	select {
	case r, open := <-w.results:
		switch {
		case !open && w.killed():
			return Result{Verdict: record.Verdict{Outcome: record.Ungraded, Rule: KilledBySystem, Message: "its process was killed, twice, by something that " +
				"is not raftlab: mostly because the machine, or its container, has less memory than a run may have (1 GiB, or what --memory says). " +
				"This is no judgement on the code under test: " + personDecides}}, dead
		case !open:
			return Result{Verdict: frameworkError(fmt.Errorf("a worker died: %s", w.errors))}, dead
		case r.Verdict.Outcome == record.Ungraded && r.Verdict.Rule != record.LongEnough: // the guard has ended its process
			return r, spent
		}
		return r, usable
	case <-timer.C:
		w.kill()
		return Result{Wall: j.Wall, Verdict: tooLong(j.Wall)}, spent
	case <-ctx.Done():
		w.kill()
		return interrupted(ctx), spent
	}
}

// KilledBySystem is the rule of a run whose process was killed twice. Another time, or on another
// machine, it may come to its end.
const KilledBySystem = "killed by the system"

// killed reports whether the process, which is gone, was killed from outside and had no last word.
func (w *worker) killed() bool {
	status, ok := w.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func interrupted(ctx context.Context) Result {
	return Result{Verdict: record.Verdict{Outcome: record.Inconclusive, Message: fmt.Sprintf("interrupted (%v)", context.Cause(ctx))}}
}

// kill ends the process at once and waits until it is gone.
func (w *worker) kill() {
	w.cmd.Process.Kill()
	w.drain()
}

// stop lets the process end by itself, when it has nothing to do.
func (w *worker) stop() {
	w.in.Close()
	w.drain()
}

func (w *worker) drain() {
	for range w.results {
	}
}

// tailOfStderr keeps the end of what is written to it.
type tailOfStderr struct {
	mu   sync.Mutex
	b    []byte
	size int // what is kept, in bytes; 0 means 4 KiB
}

func (t *tailOfStderr) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if size := cmp.Or(t.size, 4096); len(t.b) > 2*size {
		t.b = append(t.b[:0], t.b[len(t.b)-size:]...)
	}
	return len(p), nil
}

// keep makes it keep so many bytes.
func (t *tailOfStderr) keep(size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size = size
}

func (t *tailOfStderr) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.b) == 0 && t.size == 0 {
		return "without a word (killed by the system, perhaps for want of memory)"
	}
	return string(t.b)
}
