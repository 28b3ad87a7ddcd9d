package raft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	good := func() Config {
		return Config{Peers: make([]*labrpc.ClientEnd, 3), Persister: raftapi.MakePersister(), ApplyCh: make(chan raftapi.ApplyMsg)}
	}
	require.NoError(t, good().validate())
	for want, spoil := range map[string]func(*Config){
		"there are no Peers":                    func(c *Config) { c.Peers = nil },
		"server 3 is Me, and there are 3 Peers": func(c *Config) { c.Me = 3 },
		"there is no Persister":                 func(c *Config) { c.Persister = nil },
		"there is no ApplyCh":                   func(c *Config) { c.ApplyCh = nil },
		"neither can be negative":               func(c *Config) { c.HeartbeatInterval = -1 },
		"depose a leader between two":           func(c *Config) { c.ElectionTimeout, c.HeartbeatInterval = time.Second, time.Second },
		"LeaseDriftBound is 0.9":                func(c *Config) { c.LeaseDriftBound = 0.9 },
		"a window has room for one":             func(c *Config) { c.MaxInflightBytes = -1 },
		"UncommittedLimit is -1":                func(c *Config) { c.UncommittedLimit = -1 },
		"CatchUpEntries is -1":                  func(c *Config) { c.CatchUpEntries = -1 },
		"so nothing would be; set both":         func(c *Config) { c.CatchUpEntries = 100 },
	} {
		c := good()
		spoil(&c)
		require.ErrorContains(t, c.validate(), want)
		require.Panics(t, func() { New(c) }, want)
	}
}

// However leases are switched on, they bring CheckQuorum along.
func TestLeaseImpliesCheckQuorum(t *testing.T) {
	require.True(t, Config{LeaseRead: true}.withDefaults().CheckQuorum)
	rf := newPeer(t, 1)
	require.NoError(t, rf.Extend(raftapi.Lease))
	require.True(t, rf.config.CheckQuorum)
	rf = newPeer(t, 1)
	require.NoError(t, rf.Extend(raftapi.PreVote))
	require.False(t, rf.config.CheckQuorum)
}
