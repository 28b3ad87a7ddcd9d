package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is one that has to be there. Its test is skipped if nobody says where.
func program(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("set %s to the path of the program (docs/etcd-api.md tells how to make it)", variable)
	}
	return path
}

// ours is this project's program under the name etcd: the one that RAFTLAB_AS_ETCD names, or one on
// the reference.
func ours(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("RAFTLAB_AS_ETCD"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "etcd")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/raftlab-cluster").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// cluster is one that runs.
type cluster struct {
	endpoints []string
	dir       string
}

// start starts members by etcd's flags.
func start(t *testing.T, binary string, n int, more ...string) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir()}
	var held []net.Listener
	address := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		held = append(held, l)
		return l.Addr().String()
	}
	var peers, initial []string
	for i := range n {
		c.endpoints, peers = append(c.endpoints, address()), append(peers, address())
		initial = append(initial, fmt.Sprintf("m%d=http://%s", i, peers[i]))
	}
	for _, l := range held {
		l.Close()
	}
	for i := range n {
		client, peer := "http://"+c.endpoints[i], "http://"+peers[i]
		name := fmt.Sprint("m", i)
		run(t, filepath.Join(c.dir, "log-"+name), binary, append([]string{"--name", name, "--data-dir", filepath.Join(c.dir, name),
			"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
			"--initial-advertise-peer-urls", peer, "--initial-cluster", strings.Join(initial, ",")}, more...)...)
	}
	for _, e := range c.endpoints {
		awaitReady(t, e, c.dir)
	}
	return c
}

func awaitReady(t *testing.T, endpoint, logs string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r, err := http.Get("http://" + endpoint + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	}, 90*time.Second, 100*time.Millisecond, "the member at %s does not get ready; its log is in %s", endpoint, logs)
}

// metrics are the names of a member's metrics, with their types.
func metrics(t *testing.T, endpoint string) map[string]bool {
	t.Helper()
	r, err := http.Get("http://" + endpoint + "/metrics")
	require.NoError(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	all := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			all[strings.TrimSpace(name)] = true
		}
	}
	return all
}

// freeAddress is one where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// run runs a program until the test ends.
func run(t *testing.T, log, binary string, args ...string) {
	t.Helper()
	p := exec.Command(binary, args...)
	file, err := os.Create(log)
	require.NoError(t, err)
	in, err := p.StdinPipe()
	require.NoError(t, err)
	p.Stdout, p.Stderr = file, file
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		in.Close()
		_ = p.Process.Kill()
		_ = p.Wait()
		file.Close()
	})
}

// ctl runs etcdctl on a cluster.
type ctl struct {
	*cluster
	binary string
	t      *testing.T
}

// at has a command run at some of the members.
func (c *ctl) at(endpoints []string, stdin string, args ...string) string {
	ctx, stop := context.WithTimeout(c.t.Context(), 60*time.Second)
	defer stop()
	return c.within(ctx, endpoints, stdin, args...)
}

// within has a command run until ctx is over, and returns what it has said.
func (c *ctl) within(ctx context.Context, endpoints []string, stdin string, args ...string) string {
	args = append([]string{"--endpoints", strings.Join(endpoints, ","), "--command-timeout", "30s"}, args...)
	p := exec.CommandContext(ctx, c.binary, args...)
	p.Stdin = strings.NewReader(stdin)
	p.WaitDelay = time.Second
	var out, problems bytes.Buffer
	p.Stdout, p.Stderr = &out, &problems
	p.Cancel = func() error { return p.Process.Signal(os.Interrupt) }
	err := p.Run()
	told := out.String()
	for line := range strings.Lines(problems.String()) {
		if strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Finished") {
			told += line
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		told += fmt.Sprintln("exit code", exit.ExitCode())
	}
	return told
}

// do has a command run at whichever member answers.
func (c *ctl) do(args ...string) string { return c.at(c.endpoints, "", args...) }
