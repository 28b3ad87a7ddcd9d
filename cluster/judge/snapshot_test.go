package judge

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What etcdctl saves of our cluster, etcdutl restores, and a real etcd then has the same keys and
// the same checksum.
func TestSnapshotRestores(t *testing.T) {
	etcdctl, etcdutl, etcd := program(t, "RAFTLAB_ETCDCTL"), program(t, "RAFTLAB_ETCDUTL"), program(t, "RAFTLAB_ETCD")
	c := &ctl{start(t, ours(t), 3), etcdctl, t}
	for i := range 40 {
		c.do("put", fmt.Sprint("k", i%7), fmt.Sprint(i))
	}
	c.do("del", "k3")
	c.do("compaction", "20", "--physical")
	c.do("put", "last", "one")
	saved := filepath.Join(t.TempDir(), "saved")
	require.NotContains(t, c.at(c.endpoints[1:2], "", "snapshot", "save", saved), "Error")

	restored, address := filepath.Join(t.TempDir(), "restored"), freeAddress(t)
	peer := "http://" + freeAddress(t)
	out, err := exec.Command(etcdutl, "snapshot", "restore", saved, "--data-dir", restored, "--name", "m",
		"--initial-cluster", "m="+peer, "--initial-advertise-peer-urls", peer).CombinedOutput()
	require.NoError(t, err, "%s", out)
	run(t, filepath.Join(t.TempDir(), "log"), etcd, "--name", "m", "--data-dir", restored, "--listen-client-urls", "http://"+address,
		"--advertise-client-urls", "http://"+address, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
		"--initial-cluster", "m="+peer, "--log-level", "error")
	real := &ctl{&cluster{endpoints: []string{address}}, etcdctl, t}
	awaitReady(t, address, restored)
	for _, command := range [][]string{{"get", "", "--prefix", "-w", "fields"}, {"get", "k1", "--rev", "30"}, {"get", "k1", "--rev", "10"}} {
		require.Equal(t, keysOnly(c.do(command...)), keysOnly(real.do(command...)), "%v", command)
	}
	require.Equal(t, hashOf(t, c), hashOf(t, real))
}

// keysOnly leaves out who has answered: the lines of the header that are different in any two
// clusters.
func keysOnly(text string) string {
	return regexp.MustCompile(`(?m)^"(ClusterID|MemberID|RaftTerm|Revision)" : .*$`).ReplaceAllString(text, "")
}

// hashOf is the checksum of a member's store: hash, revision, and the compaction before it.
func hashOf(t *testing.T, c *ctl) [3]int64 {
	t.Helper()
	var all []struct {
		HashKV struct {
			Hash     int64
			Compact  int64 `json:"compact_revision"`
			Revision int64 `json:"hash_revision"`
		}
	}
	text := c.do("endpoint", "hashkv", "-w", "json")
	require.NoError(t, json.Unmarshal([]byte(text), &all), "%s", text)
	for _, one := range all {
		require.Equal(t, all[0].HashKV, one.HashKV)
	}
	require.Positive(t, all[0].HashKV.Hash)
	return [3]int64{all[0].HashKV.Hash, all[0].HashKV.Compact, all[0].HashKV.Revision}
}
