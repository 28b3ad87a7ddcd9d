package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Debugger is how a run is put under Delve.
type Debugger struct {
	Command string // dlv, the program
	Listen  string // the address of a server for an editor, or "" for a session on the terminal
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
}

// terminalEnv is what Delve's own session needs of the environment.
var terminalEnv = []string{"TERM", "LANG", "LC_ALL", "XDG_CONFIG_HOME", "EDITOR", "DELVE_EDITOR", "DELVE_PAGER", "COLORTERM", "NO_COLOR"}

// Debug runs j natively under a debugger and returns how it ended, once the session has. It is the
// run that j is without one: its time stands still while the debugger holds it. Nothing bounds how
// long that takes.
func Debug(ctx context.Context, j Job, d Debugger) (Result, error) {
	if !j.Binary.Native {
		return Result{}, errors.New("a debugger needs a binary of the native engine")
	}
	dir, err := os.MkdirTemp("", "raftlab-debug-")
	if err != nil {
		return Result{}, fmt.Errorf("make a directory for the run: %w", err)
	}
	defer os.RemoveAll(dir)
	n := &nativeRun{Job: j, dir: dir, events: newEvents(), output: &output{}}
	child, err := n.command(ctx)
	if err != nil {
		return Result{}, err
	}
	out, errOut := filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")
	args := []string{"exec", "--allow-non-terminal-interactive", "--wd", dir, "-r", "stdout:" + out, "-r", "stderr:" + errOut}
	if d.Listen != "" {
		args = append(args, "--headless", "--listen", d.Listen, "--api-version", "2")
	}
	cmd := exec.Command(d.Command, append(append(args, child.Path, "--"), child.Args[1:]...)...)
	cmd.Dir, cmd.Env = dir, child.Env
	for _, key := range terminalEnv {
		if value, ok := os.LookupEnv(key); ok {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = d.In, d.Out, d.Err
	if err := d.wait(ctx, cmd); err != nil {
		return Result{}, err
	}
	for _, name := range []string{out, errOut} { // the last words are on the second
		if text, err := os.ReadFile(name); err == nil {
			n.output.Write(text)
		}
	}
	return n.result(ctx, errDebugged), nil
}

// wait runs the debugger until the session is over. In a terminal, Ctrl-C is the debugger's.
func (d Debugger) wait(ctx context.Context, cmd *exec.Cmd) error {
	runtime.LockOSThread() // on Linux the child is to die with the thread that has started it
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = diesWithUs()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the debugger %s: %w", d.Command, err)
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) { // the session is over, whatever it came to
		return nil
	}
	return err
}

// errDebugged stands for the exit code of a process that a debugger has seen end.
var errDebugged = errors.New("it ran under a debugger")
