package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// This file has code checked and compiled in a process of its own. Not only compilers can be kept
// busy: the type checker has to look at code that nobody has read, and so has whatever rewrites it.
// The process has the limits of a compiler, and so have those that it starts. It ends with them
// when its input does, and the parent closes that, also by dying.
//
//	this process             a worker                        the go command
//	key, cache        ---->  read, check, rewrite     ---->  compile, link
//	machine code      <----  binary, or what is wrong

// compileJob is a build, and what it may take.
type compileJob struct {
	Build  Build
	CPU    time.Duration
	Total  time.Duration
	Memory int64
	Wall   time.Duration
}

// built is what came of it.
type built struct {
	Binary   *Binary
	Warnings []string
	Key      string

	Refusals []Refusal // the code under test is refused
	Compile  string    // what the compiler says about it
	Broken   string    // anything else
}

func (j *compileJob) built(ctx context.Context) *built {
	compiling = bounds{cpu: j.CPU, total: j.Total, memory: j.Memory, wall: j.Wall}
	binary, key, err := j.Build.make(ctx)
	var refused *RefusedError
	var compile *CompileError
	switch {
	case err == nil:
		return &built{Binary: binary, Warnings: binary.Warnings, Key: key}
	case errors.As(err, &refused):
		return &built{Refusals: refused.Refusals}
	case errors.As(err, &compile):
		return &built{Compile: compile.Output}
	}
	return &built{Broken: err.Error()}
}

func (r *built) result() (*Binary, string, error) {
	switch {
	case r.Binary != nil:
		r.Binary.Warnings = r.Warnings
		return r.Binary, r.Key, nil
	case len(r.Refusals) > 0:
		return nil, "", &RefusedError{Refusals: r.Refusals}
	case r.Compile != "":
		return nil, "", &CompileError{Output: r.Compile}
	}
	return nil, "", errors.New(r.Broken)
}

// patience is how long a worker has to end what it has started.
const patience = 5 * time.Second

// made is what [Build.make] says in a worker.
func (b Build) made(ctx context.Context) (*Binary, string, error) {
	const doing = "checking and compiling the code under test"
	if os.Getenv(workerEnv) != "" {
		return nil, "", errIsWorker
	}
	for try := 0; ; try++ {
		w, err := startWorkerAs(nil) // it ends by itself, and cleans up before
		if err != nil {
			return nil, "", err
		}
		compiling.limit(w.cmd.Process.Pid)
		w.errors.keep(maxCompilerOutput)
		stop := context.AfterFunc(ctx, func() { w.in.Close(); time.AfterFunc(patience, func() { w.cmd.Process.Kill() }) })
		job := Job{Wall: 2 * compiling.wall, Compile: &compileJob{b, compiling.cpu, compiling.total, compiling.memory, compiling.wall}}
		r, state := w.do(context.WithoutCancel(ctx), job)
		stop()
		w.in.Close()
		if state == usable {
			w.drain()
			if ctx.Err() != nil {
				return nil, "", ctx.Err()
			}
			return r.Built.result()
		}
		w.kill()
		switch tooMuch := compiling.tooMuch(doing, w.errors.String(), w.cmd.ProcessState); {
		case ctx.Err() != nil:
			return nil, "", ctx.Err()
		case state == spent:
			return nil, "", compiling.errTooSlow(doing)
		case tooMuch != nil:
			return nil, "", tooMuch
		case try > 0:
			return nil, "", fmt.Errorf("%s: a worker died: %s", doing, firstLine(w.errors.String()))
		}
	}
}
