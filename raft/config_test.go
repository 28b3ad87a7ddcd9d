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

// Extensions have parameters, and what cannot work is refused without switching anything on.
func TestExtendTakesParameters(t *testing.T) {
	rf := newPeer(t, 1)
	require.True(t, raftapi.Offers(rf, raftapi.CatchUp))
	require.NoError(t, rf.Extend("pipeline:messages=8", "lease:drift=10", "uncommittedlimit:bytes=99", "catchup:entries=7"))
	require.Equal(t, 8, rf.config.MaxInflightMessages)
	require.Equal(t, 2<<20, rf.config.MaxInflightBytes, "what nobody says")
	require.InDelta(t, 1.1, rf.config.LeaseDriftBound, 1e-9)
	require.Equal(t, 99, rf.config.UncommittedLimit)
	require.Equal(t, 7, rf.config.CatchUpEntries)

	rf = newPeer(t, 1)
	require.ErrorContains(t, rf.Extend("prevote", "pipeline:window=8"), "it has messages, bytes")
	require.False(t, rf.config.PreVote)
}
