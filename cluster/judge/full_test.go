package judge

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// quota is how large the databases may get. There is room in it for a few values of fill.
const quota = 4 << 20

// fill puts one key again and again until the database is full. How often is another number for each
// program, so it is not noted.
func (s *script) fill() {
	value := strings.Repeat("x", 200_000)
	for range 100 {
		told := s.at(s.endpoints, value, "put", "fill")
		if told != "OK\n" {
			s.note("put fill, until", told)
			return
		}
	}
	require.Fail(s.t, "the database never gets full")
}

// asks notes what the member says to plain HTTP. The lines of a check have no order.
func (s *script) asks(paths ...string) {
	for _, path := range paths {
		r, err := http.Get("http://" + s.endpoints[0] + path)
		require.NoError(s.t, err)
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		require.NoError(s.t, err)
		lines := strings.Split(strings.TrimSpace(string(body)), "\n")
		slices.Sort(lines)
		s.note(path, fmt.Sprint(r.StatusCode, " ", strings.Join(lines, "\n")))
	}
}

// revision is the newest one.
func (s *script) revision() string {
	var got struct{ Header struct{ Revision int64 } }
	require.NoError(s.t, json.Unmarshal([]byte(s.do("get", "none", "-w", "json")), &got))
	return fmt.Sprint(got.Header.Revision)
}

// defragsWhileWriting has keys put while the database is defragmented.
func (s *script) defragsWhileWriting() {
	over := make(chan string, 1)
	go func() {
		told := ""
		for i := range 20 {
			told += s.at(s.endpoints, "", "put", fmt.Sprint("w", i), "x")
		}
		over <- told
	}()
	for range 3 {
		s.run("", "defrag")
	}
	s.note("put, while it is defragmented", <-over)
	s.run("", "get", "w", "--prefix", "--print-value-only")
}

func (s *script) fullAndBack() {
	health := []string{"/health", "/health?exclude=NOSPACE", "/health?serializable=true", "/readyz?verbose", "/readyz/linearizable_read",
		"/readyz?verbose&exclude=data_corruption", "/livez?verbose", "/livez/serializable_read", "/livez/linearizable_read"}
	s.runs(`lease grant 600
put l x --lease LEASE-0
put a 1`)
	s.asks(health...)
	s.fill()
	s.asks(health...)
	s.runs(`put a 2
put a --ignore-value
get a
alarm list
endpoint health
lease grant 60
lease keep-alive LEASE-0 --once
lease timetolive LEASE-0 --keys
get l
put l y --lease LEASE-0`)
	s.run("value(\"a\") = \"1\"\n\nget a\n\nput a 3\n\n", "txn", "-i")
	s.run("value(\"a\") = \"1\"\n\ndel a\n\nget a\n\n", "txn", "-i")
	s.runs(`get a
lease revoke LEASE-0
get l
del fill
del fill`)
	s.note("compaction", strings.ReplaceAll(s.do("compaction", s.revision(), "--physical"), s.revision(), "NOW"))
	s.runs(`put a 4
defrag
put a 5
alarm list
alarm disarm
alarm disarm
alarm list
put a 6
lease grant 60
get a --print-value-only`)
	s.asks(health...)
	s.defragsWhileWriting()
}

// A member whose database gets full says the same as etcd's, and comes back in the same way; so it
// does while it is defragmented.
func TestFull(t *testing.T) {
	etcdctl, etcd := program(t, "RAFTLAB_ETCDCTL"), program(t, "RAFTLAB_ETCD")
	limit := fmt.Sprint("--quota-backend-bytes=", quota)
	scripts := [2]*script{newScript(t, start(t, ours(t), 1, limit), etcdctl), newScript(t, start(t, etcd, 1, limit, "--log-level=error"), etcdctl)}
	both(scripts, (*script).fullAndBack)
	compare(t, scripts)
}
