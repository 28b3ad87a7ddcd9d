package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"raftlab/cluster/kv"
	"raftlab/cluster/trace"
	"raftlab/cluster/transport"
)

// clientPatience is how long clients of this package try.
const clientPatience = 10 * time.Second

// Process is a member that runs as a child of this process. It ends when this process does, however
// that ends: it reads its standard input, which is closed then.
type Process struct {
	Member int
	cmd    *exec.Cmd
	alive  io.Closer
	ended  chan struct{}
	err    error
}

// Start starts a member. The program is this one, called with the arguments args, the folder and
// the number.
func (f *Folder) Start(i int, args ...string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := f.Enter(i); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(f.Log(i), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &Process{Member: i, ended: make(chan struct{})}
	p.cmd = exec.Command(self, append(args, f.Path, strconv.Itoa(i))...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = OwnGroup()
	if p.alive, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting member %d: %w", i, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err is how it has ended.
func (p *Process) Err() error { return p.err }

// End asks the member to end, and kills it after a while.
func (p *Process) End() {
	p.alive.Close()
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.Kill()
	}
}

// EndAll ends processes at the same time, and returns when all have ended.
func EndAll(all []*Process) {
	for _, p := range all {
		go p.End()
	}
	for _, p := range all {
		<-p.Ended()
	}
}

// Kill is kill -9. It returns when the process has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

var client = &http.Client{Timeout: 5 * time.Second}

// call makes a request of a member's HTTP address.
func (f *Folder) call(method string, i int, path, body string, to any) error {
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+f.Members[i].HTTP+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("member %d answers %s: %s", i, answer.Status, strings.TrimSpace(string(text)))
	}
	if to == nil {
		return nil
	}
	return json.Unmarshal(text, to)
}

// Status asks a member how it is; with a hash of its data, if that is wanted.
func (f *Folder) Status(i int, hash bool) (st kv.Status, err error) {
	path := "/status"
	if hash {
		path += "?hash=1"
	}
	return st, f.call(http.MethodGet, i, path, "", &st)
}

// Ready says why a member is not ready, or nothing.
func (f *Folder) Ready(i int) error { return f.call(http.MethodGet, i, "/readyz", "", nil) }

// Stop asks a member to end in order, whoever its parent is.
func (f *Folder) Stop(i int) error { return f.call(http.MethodPost, i, "/stop", "", nil) }

// Trace has a member look for the bytes of a request from now on.
func (f *Folder) Trace(i int, needle []byte) error {
	return f.call(http.MethodPost, i, "/trace", string(needle), nil)
}

// Traced is what a member has seen of it.
func (f *Folder) Traced(i int) (events []trace.Event, err error) {
	return events, f.call(http.MethodGet, i, "/trace", "", &events)
}

// Inject puts faults into a member's connections, if it was started for tests.
func (f *Folder) Inject(i int, faults transport.Faults) error {
	b, err := json.Marshal(faults)
	if err != nil {
		return err
	}
	return f.call(http.MethodPost, i, "/faults", string(b), nil)
}

// Clock lets a member's clock run at a rate, if it was started for tests and its peer has such a
// clock.
func (f *Folder) Clock(i int, rate float64) error {
	return f.call(http.MethodPost, i, fmt.Sprintf("/clock?rate=%g", rate), "", nil)
}

// AwaitReady waits until all those members are ready.
func (f *Folder) AwaitReady(ctx context.Context, members ...int) error {
	var err error
	for {
		err = nil
		for _, i := range members {
			err = errors.Join(err, f.Ready(i))
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Tail is the end of a member's log.
func (f *Folder) Tail(i, lines int) string {
	b, err := os.ReadFile(f.Log(i))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
