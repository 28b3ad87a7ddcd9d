package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// howToGetDelve is said where there is none.
const howToGetDelve = "--debug needs the debugger Delve, and there is no dlv on PATH. Get it with\n" +
	"  go install github.com/go-delve/delve/cmd/dlv@latest\n" +
	"and put the directory that `go env GOPATH` names, with /bin after it, on PATH"

// checkDebug says what is wrong with the flags of a debugging session.
func (f *replayFlags) checkDebug() error {
	switch {
	case f.listen != "" && !f.debug:
		return errors.New("--listen is the address of a debugger: give --debug, too")
	case !f.debug:
		return nil
	case f.where.engine == suite.WasmEngine:
		return errors.New("--debug --engine wasm: there is no debugger for WebAssembly here; leave --engine out, the native engine makes the same run")
	case f.where.race:
		return errors.New("--debug --race: leave one of the two out; a run of the race detector is the same run without it")
	case f.impl != "" && f.impl != suite.Reference && f.impl != suite.EtcdRaft:
		return fmt.Errorf("--debug --impl %s: a debugger runs the code natively, where it can read and change your files; "+
			"if you trust it, copy it into a course tree (raftlab init) and leave --impl out", f.impl)
	case f.listen == "":
		return nil
	}
	free, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: nobody can wait there: %w; give an address with a port that is free, such as 127.0.0.1:2345", f.listen, err)
	}
	return free.Close()
}

// delve finds the debugger: on PATH, or where go install puts it.
func delve(ctx context.Context) (string, error) {
	if path, err := exec.LookPath("dlv"); err == nil {
		return path, nil
	}
	out, err := exec.CommandContext(ctx, "go", "env", "GOBIN", "GOPATH").Output()
	if err == nil {
		lines := strings.Split(strings.ReplaceAll(string(out), "\r", ""), "\n")
		places := []string{lines[0]}
		for _, dir := range filepath.SplitList(lines[min(1, len(lines)-1)]) {
			places = append(places, filepath.Join(dir, "bin"))
		}
		for _, dir := range places {
			if path, err := exec.LookPath(filepath.Join(dir, "dlv")); dir != "" && err == nil {
				return path, nil
			}
		}
	}
	return "", errors.New(howToGetDelve)
}

// debug runs the case under Delve, after it has run without: the two must be one run. interruptions
// ends the handling of Ctrl-C, which belongs to the debugger while that runs.
func (r *replaying) debug(ctx context.Context, interruptions func()) error {
	dlv, err := delve(ctx)
	if err != nil {
		return usage(err)
	}
	r.options.Native, r.options.Debug = true, true
	r.where.note = "executed natively, as a debugger needs it"
	binary, err := r.build(ctx)
	if err != nil {
		return err
	}
	was := r.remembered(binary)
	dir, remove, err := sim.TempDir()
	if err != nil {
		return broken(err)
	}
	defer remove()
	j := r.options.Job(binary, r.kase, r.flags.seed)
	j.Params.Detail = true
	plain, err := r.runOnce(ctx, j)
	if err != nil {
		return err
	}
	interruptions()
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	defer signal.Stop(caught)
	r.invite()
	j.Trace, j.Output = filepath.Join(dir, "trace"), filepath.Join(dir, "output")
	result, err := sim.Debug(context.WithoutCancel(ctx), j, sim.Debugger{Command: dlv, Listen: r.flags.listen, In: os.Stdin, Out: file(r.out), Err: file(r.err)})
	if err != nil {
		return broken(err)
	}
	r.keepTrace(j.Trace, result)
	if result.Verdict.Outcome == record.Inconclusive {
		fmt.Fprintln(r.out, result.Verdict.Message+": there is no verdict, and no trace hash")
		return nil
	}
	return errors.Join(r.show(j, binary, result, was), r.asWithout(plain, result))
}

// invite says what can be done now.
func (r *replaying) invite() {
	if r.flags.listen != "" {
		fmt.Fprintf(r.err, "Delve waits at %s. Attach an editor (docs/debugger.md), or: dlv connect %[1]s\n", r.flags.listen)
		return
	}
	pkg := strings.TrimPrefix(r.kase.Package, "./")
	fmt.Fprintf(r.err, "%s, seed %d. A breakpoint: `break raftlab/%s.(*Raft).AppendEntries`; then `continue`, `print rf.currentTerm`, `exit`. `help` has more\n",
		r.kase.ID(), r.flags.seed, pkg)
}

// asWithout says whether the debugger has left the run as it was.
func (r *replaying) asWithout(plain, result sim.Result) error {
	if plain.Hash == result.Hash {
		fmt.Fprintln(r.out, "the same run as without the debugger: same trace hash")
		return nil
	}
	fmt.Fprintf(r.out, "not the run that it is without the debugger (trace hash %s): a value that was set, or a function that was called in the session, can do that\n",
		short(plain.Hash))
	return nil
}
