package adopt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mistakes are what people do wrong in a sharded service of 2025: a place in the fixture, what
// stands there when the mistake may be made, and a case that finds it.
var mistakes = []struct{ name, file, right, wrong, dies string }{
	{"a group serves a shard that it has frozen", "shardgrp/server.go",
		"s.Num, s.Frozen = num, true", "s.Num, s.Frozen = num, !mistaken(0)", "4D/Work"},
	{"a group installs a shard again, or what belongs to an old configuration", "shardgrp/server.go",
		"if req.Num > s.Num {", "if req.Num > s.Num || mistaken(1) {", "4F/ComesBack"},
	{"a controller does not finish what another one has begun", "shardctrler/shardctrler.go",
		"begun.Num == is.Num+1 {", "begun.Num == is.Num+1 && !mistaken(2) {", "4E/Stuck"},
	{"a group keeps what it has given away", "shardgrp/server.go",
		"*s = Shard{Num: num, Data: map[string]rpc.Cell{}}", "if s.Here = false; !mistaken(3) {\n*s = Shard{Num: num, Data: map[string]rpc.Cell{}}\n}", "4D/NothingKept"},
	{"a client forgets that it may have written", "client.go",
		"err == rpc.ErrVersion && perhaps", "err == rpc.ErrVersion && perhaps && !mistaken(4)", "4D/Maybe"},
}

const mistaken = `
func mistaken(n int) bool { return os.Getenv("MISTAKE") == strconv.Itoa(n) }
`

// withMistakes is the solution of 2025 with all of them, each of which is made only where the
// environment names it: so one binary does.
func withMistakes(t *testing.T) solution {
	s := services(t)
	for _, m := range mistakes {
		file := "src/shardkv1/" + m.file
		require.Contains(t, s[file], m.right)
		s[file] = strings.Replace(s[file], m.right, m.wrong, 1)
		if !strings.Contains(s[file], mistaken) {
			s[file] = strings.Replace(s[file], "import (", "import (\n\t\"os\"\n\t\"strconv\"", 1) + mistaken
		}
	}
	return s
}

// What only the groups import is taken over, too, where clerk and controller have not been written yet.
func TestGroupsBeforeClerks(t *testing.T) {
	t.Parallel()
	given := services(t)
	given["src/shardkv1/client.go"] = `package shardkv

import (
	"6.5840/kvsrv1/rpc"
	"6.5840/kvtest1"
	"6.5840/shardkv1/shardctrler"
	"6.5840/tester1"
)

type Clerk struct{}

func MakeClerk(clnt *tester.Clnt, sck *shardctrler.ShardCtrler) kvtest.IKVClerk { return &Clerk{} }

func (ck *Clerk) Get(key string) (string, rpc.Tversion, rpc.Err) { return "", 0, "" }

func (ck *Clerk) Put(key string, value string, version rpc.Tversion) rpc.Err { return "" }
`
	given["src/shardkv1/shardctrler/shardctrler.go"] = `package shardctrler

import (
	"6.5840/kvsrv1"
	"6.5840/kvtest1"
	"6.5840/shardkv1/shardcfg"
	"6.5840/tester1"
)

type ShardCtrler struct {
	kvtest.IKVClerk
}

func MakeShardCtrler(clnt *tester.Clnt) *ShardCtrler {
	return &ShardCtrler{IKVClerk: kvsrv.MakeClerk(clnt, tester.ServerName(tester.GRP0, 0))}
}

func (sck *ShardCtrler) InitController() {}

func (sck *ShardCtrler) InitConfig(cfg *shardcfg.ShardConfig) {}

func (sck *ShardCtrler) ChangeConfigTo(new *shardcfg.ShardConfig) {}

func (sck *ShardCtrler) Query() *shardcfg.ShardConfig { return nil }
`
	a := adopted(t, given)
	assert.Equal(t, "src/shardkv1/shardgrp/shardrpc", a.Dirs["shardkv/shardgrp/shardrpc"])
	assert.False(t, a.says(Named, "shardrpc"), "%v", a.Notes)
	inFramework(t, "go", "test", "-c", "-vet=off", "-o", filepath.Join(t.TempDir(), "shardkv.test"), "-overlay", overlaid(t, a, "kvsrv", "raft", "kvraft", "shardkv"), "./shardkv")
}

// The sharded service of 2025: a correct one passes, and one with a mistake does not.
func TestShardedServiceOf2025(t *testing.T) {
	t.Parallel()
	a := adopted(t, withMistakes(t))
	for place, dir := range map[string]string{"shardkv": "src/shardkv1", "shardkv/shardgrp/shardrpc": "src/shardkv1/shardgrp/shardrpc", "shardkv/shardctrler": "src/shardkv1/shardctrler"} {
		assert.Equal(t, dir, a.Dirs[place])
	}
	assert.Subset(t, a.Graded(), []string{"3A", "4D", "4E", "4F"})
	assert.Contains(t, a.Lacks["4A"], "until 2024")

	binary := filepath.Join(t.TempDir(), "shardkv.test")
	inFramework(t, "go", "test", "-c", "-vet=off", "-o", binary, "-overlay", overlaid(t, a, "kvsrv", "raft", "kvraft", "shardkv"), "./shardkv")
	run := func(mistake int, cases, seeds string) (string, error) {
		cmd := exec.Command(binary, "-test.run", "TestShardgrp/"+cases+"$", "-seeds", seeds, "-contract", "2025")
		cmd.Env = append(os.Environ(), fmt.Sprintf("MISTAKE=%d", mistake))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for i, m := range mistakes {
		out, err := run(i, m.dies, "1-5")
		assert.Error(t, err, "%s passes %s: %s", m.name, m.dies, out)
		out, err = run(-1, m.dies, "1")
		assert.NoError(t, err, "%s: %s", m.dies, out)
	}
}

// What is missing in one, or has another form, is named.
func TestUnfinishedShardedService(t *testing.T) {
	t.Parallel()
	for says, s := range map[string]solution{
		"there is no package shardcfg, package kvsrv1":     services(t).without("src/shardkv1/shardcfg", "src/kvsrv1"),
		"there is no DeleteShard of shardgrp":              services(t).replace(t, "DeleteShard(s shardcfg.Tshid", "Discard(s shardcfg.Tshid", ") DeleteShard(args", ") Discarded(args"),
		"MakeShardCtrler takes 2 things, and the course's": services(t).replace(t, "MakeShardCtrler(clnt *tester.Clnt)", "MakeShardCtrler(clnt *tester.Clnt, servers []string)"),
	} {
		a := adopted(t, s)
		assert.True(t, a.says(Missing, says), "%s: %v", says, a.Notes)
		assert.Contains(t, a.Lacks["4D"], "is not graded")
	}
}
