package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Members that are started with the same --initial-cluster agree on who has which number, and on
// the secret; what would be noticed too late is refused.
func TestEtcdFlags(t *testing.T) {
	const cluster = "b=http://localhost:2,a=http://localhost:1"
	var secrets []string
	for me, name := range []string{"a", "b"} {
		flags, err := etcdFlags([]string{"--name=" + name, "--data-dir", t.TempDir(), "--initial-cluster", cluster, "--strict-reconfig-check=false",
			"--listen-client-urls", "http://localhost:3", "--quota-backend-bytes=77", "--logger", "zap"})
		require.NoError(t, err)
		f, i, err := folderFrom(flags)
		require.NoError(t, err)
		require.Equal(t, me, i)
		require.Equal(t, int64(77), f.Quota)
		require.Equal(t, [2]string{"localhost:1", "localhost:2"}, [2]string{f.Members[0].Peers, f.Members[1].Peers})
		require.Equal(t, "localhost:3", f.Members[i].Etcd)
		require.NotEmpty(t, f.Members[i].HTTP)
		secrets = append(secrets, f.Secret)
		again, _, err := folderFrom(flags)
		require.NoError(t, err)
		require.Equal(t, f.Members, again.Members, "a member that is started again is where it was")
	}
	require.Equal(t, secrets[0], secrets[1])
	for _, wrong := range [][]string{{"--auto-tls"}, {"--peer-cert-file", "x"}} {
		_, err := etcdFlags(wrong)
		require.ErrorContains(t, err, "without encryption")
	}
	for _, wrong := range [][]string{{"--name", "c", "--initial-cluster", cluster}, {"--listen-client-urls", "https://localhost:3"}, {"--quota-backend-bytes=x"}} {
		flags, err := etcdFlags(append([]string{"--data-dir", t.TempDir()}, wrong...))
		require.NoError(t, err)
		_, _, err = folderFrom(flags)
		require.Error(t, err)
	}
}
