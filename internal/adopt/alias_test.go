package adopt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// ApplyMsg may be declared in a package beside the peer.
func TestApplyMsgOfAnotherPackage(t *testing.T) {
	t.Parallel()
	peer := base(t)["src/raft/raft.go"]
	_, rest, _ := strings.Cut(peer, "type ApplyMsg struct")
	fields, _, _ := strings.Cut(rest, "\n}\n")
	aliased := base(t)
	aliased["src/raft/raft.go"] = strings.NewReplacer("type ApplyMsg struct"+fields+"\n}\n", "type ApplyMsg = wire.Msg\n",
		"\"6.5840/utils\"", "\"6.5840/utils\"\n\t\"6.5840/wire\"").Replace(peer)
	a := adopted(t, aliased.with("src/wire/msg.go", "package wire\n\ntype Msg struct"+fields+"\n}\n"))
	assert.True(t, a.says(Converted, "src/wire/msg.go:3", "Msg is raftlab's ApplyMsg"), "%v", a.Notes)
	compiles(t, a, "raft", "kvraft")

	a = adopted(t, aliased.with("src/wire/msg.go", "package wire\n\ntype Msg struct"+fields+"\n\tMine int\n}\n"))
	assert.True(t, a.says(Named, "src/raft/raft.go:18", "ApplyMsg is the type wire.Msg, which has more than the course's"), "%v", a.Notes)
}
