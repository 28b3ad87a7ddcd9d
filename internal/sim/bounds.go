package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// This file bounds what a build may take. Code that nobody has looked at can keep a compiler busy
// for hours with a few lines: types that double with each line, functions of a hundred thousand
// statements.
//
//	what                        limit                          who ends it
//	each process of a build     processor time, memory         the kernel (Linux)
//	all of a command            processor time                 this process (Linux)
//	the whole build             wall-clock time                this process
//
// Only the last depends on the machine, and says nothing about the code.

// bounds are the limits of a build.
type bounds struct {
	cpu    time.Duration // of each process: the compiler starts one for each package
	total  time.Duration // of a command and all that it has started, or 0
	memory int64         // of each process, in bytes
	wall   time.Duration // of the whole step
}

// compiling is for the go command: some ten times what the largest package of the standard library
// takes.
var compiling = bounds{cpu: 30 * time.Second, total: 10 * time.Minute, memory: 3 << 30, wall: 15 * time.Minute}

// translating is for making machine code: some ten times what a lab's test binary takes.
var translating = bounds{cpu: 3 * time.Minute, memory: 4 << 30, wall: 15 * time.Minute}

var (
	// killedTool is what the go command says of a compiler or linker that was killed. A package's
	// import path comes first.
	killedTool = regexp.MustCompile(`(?m)^(\S+): \S*\b(compile|link|asm)(\.exe)?: signal: (killed|cpu time limit exceeded)`)
	noMemory   = regexp.MustCompile(`(?m)^(fatal error: )?(runtime: )?(out of memory|cannot allocate memory)\b|cannot allocate memory$|\bpthread_create failed:|^(fatal error: |runtime\.)newosproc`)
)

// help is what to look for in code that is too much for a compiler.
const help = "are there types or constants that contain each other many times over, or functions of many thousands of lines?"

// tooMuch finds out whether a step of a build ended at a limit, and which. doing is what ended:
// "the compiler".
func (b bounds) tooMuch(doing, said string, state *os.ProcessState) error {
	switch {
	case noMemory.MatchString(said):
		return &CompileError{Output: fmt.Sprintf("%s needed more than %d MiB of memory: %s", doing, b.memory>>20, help)}
	case state == nil || state.UserTime()+state.SystemTime() < b.cpu-b.cpu/10: // it and those that it has started
	case state.ExitCode() < 0 || killedTool.MatchString(said):
		return &CompileError{Output: fmt.Sprintf("%s needed more than %v of processor time: %s", doing, b.cpu, help)}
	}
	return nil
}

// errTooSlow says that a step did not end in time. It is not known whose fault that is.
func (b bounds) errTooSlow(doing string) error {
	return fmt.Errorf("%s did not end within %v; is the machine very busy? Try again: what was compiled so far is kept", doing, b.wall)
}

// output runs the command under the limits and returns what it printed. If the context ends, or the
// time is over, the command ends with all the processes that it has started.
func (b bounds) output(ctx context.Context, doing string, cmd *exec.Cmd) (string, error) {
	var out tailOfStderr
	out.size = maxCompilerOutput
	cmd.Stdout, cmd.Stderr = &out, &out
	err := b.run(ctx, doing, cmd)
	return out.String(), err
}

// separate is like output, but what the command writes to its standard error is not part of what is
// returned: it is in the error.
func (b bounds) separate(ctx context.Context, doing string, cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	said := tailOfStderr{size: maxCompilerOutput}
	cmd.Stdout, cmd.Stderr = &out, &said
	err := b.run(ctx, doing, cmd)
	if err != nil && cmd.ProcessState != nil {
		if tooMuch := b.tooMuch(doing, said.String(), cmd.ProcessState); tooMuch != nil {
			return nil, tooMuch
		}
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), err
}

func (b bounds) run(ctx context.Context, doing string, cmd *exec.Cmd) error {
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	b.limit(cmd.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer, looks := time.NewTimer(b.wall), time.NewTicker(500*time.Millisecond)
	defer timer.Stop()
	defer looks.Stop()
	var why error
	for why == nil {
		select {
		case err := <-ended:
			killGroup(cmd.Process) // whatever it has left behind
			return err
		case <-ctx.Done():
			why = ctx.Err()
		case <-timer.C:
			why = b.errTooSlow(doing)
		case <-looks.C:
			if b.total > 0 && familyTime(cmd.Process.Pid) > b.total {
				why = &CompileError{Output: fmt.Sprintf("%s needed more than %v of processor time in all: %s", doing, b.total, help)}
			}
		}
	}
	killGroup(cmd.Process)
	<-ended
	return &cutShort{why}
}

// cutShort says that a command did not come to its end, and that what it has printed means nothing.
type cutShort struct{ error }

func (c *cutShort) Unwrap() error { return c.error }

// maxCompilerOutput is how much of a compiler's messages is kept, in bytes.
const maxCompilerOutput = 1 << 20

// makeNative has a worker make the machine code of b: that, too, takes long for code that is meant
// to.
func makeNative(ctx context.Context, b *Binary) error {
	const doing = "making machine code of the code under test"
	if os.Getenv(workerEnv) != "" {
		return errIsWorker
	}
	for try := 0; ; try++ {
		w, err := startWorker()
		if err != nil {
			return err
		}
		translating.limit(w.cmd.Process.Pid)
		r, state := w.do(ctx, Job{Binary: b, Wall: translating.wall, LoadOnly: true})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case state == usable && r.Verdict.Message != "":
			w.stop()
			return errors.New(r.Verdict.Message)
		case state == usable:
			w.stop()
			return nil
		case state == spent:
			return translating.errTooSlow(doing)
		}
		w.kill()
		if err := translating.tooMuch(doing, w.errors.String(), w.cmd.ProcessState); err != nil {
			return err
		}
		if try > 0 {
			return fmt.Errorf("%s: a worker died: %s", doing, w.errors)
		}
	}
}

// loadOnly makes the machine code of a binary, if it is not there, and does nothing with it.
func loadOnly(ctx context.Context, j Job, out *json.Encoder) error {
	var r Result
	if p, err := loadProgram(ctx, j.Binary.Path, nativeDir(j.Binary), processors(groups)); err != nil {
		r.Verdict = frameworkError(err)
	} else {
		p.close(ctx)
	}
	return out.Encode(r)
}

// guilty is the package that a compiler was killed over, or "".
func guilty(out string) string {
	if m := killedTool.FindStringSubmatch(out); m != nil {
		return strings.TrimSuffix(m[1], ".test")
	}
	return ""
}
