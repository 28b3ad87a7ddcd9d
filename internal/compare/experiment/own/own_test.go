package own

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/shardkv"
	"raftlab/shardkv/shardctrler"
)

func TestReply(t *testing.T) {
	for _, c := range []struct {
		reply         any
		told, brought bool
	}{
		{&shardctrler.QueryReply{Err: kvapi.OK}, true, false},
		{&shardctrler.QueryReply{Err: shardctrler.ErrNotYet}, false, false},
		{&shardkv.PullReply{Err: kvapi.OK}, false, true},
		{&shardkv.PullReply{Err: "ErrNotReady"}, false, false},
		{nil, false, false},
	} {
		told, brought := Reply(c.reply)
		require.Equal(t, c.told, told, "%T", c.reply)
		require.Equal(t, c.brought, brought, "%T", c.reply)
	}
}
