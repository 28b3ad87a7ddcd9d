package sim

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// unsharded is a sharded service that moves no shard. KEEPS says where it has all data: with the
// servers of the controller, or with the first group that there was. With "politely" in it, clerks
// also ask the group that has the shard, and do not care for the answer. All servers are those of
// kvraft, and nothing is wrong with what clients see, as long as those servers run.
const unsharded = `package shardkv

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/kvraft"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// boss keeps configurations as values of keys.
type boss struct{ kvapi.ClassicClerk }

func (b boss) Query(num int) (c shardapi.Config) {
	name := fmt.Sprintf("config %d", num)
	text := b.Get(name)
	if num < 0 || text == "" {
		text = b.Get("config")
	}
	json.Unmarshal([]byte(text), &c)
	return c
}

func (b boss) set(c shardapi.Config, spread bool) {
	c.Num++
	if gids := c.GIDs(); spread {
		for shard := range c.Shards {
			if c.Shards[shard] = 0; len(gids) > 0 {
				c.Shards[shard] = gids[shard%len(gids)]
			}
		}
	}
	text, _ := json.Marshal(c)
	b.Put(fmt.Sprintf("config %d", c.Num), string(text))
	b.Put("config", string(text))
}

func (b boss) Join(groups map[int][]string) {
	c := b.Query(-1)
	if c.Groups == nil {
		c.Groups = map[int][]string{}
	}
	maps.Copy(c.Groups, groups)
	b.set(c, true)
}

func (b boss) Leave(gids []int) {
	c := b.Query(-1)
	for _, gid := range gids {
		delete(c.Groups, gid)
	}
	b.set(c, true)
}

func (b boss) Move(shard, gid int) {
	c := b.Query(-1)
	c.Shards[shard] = gid
	b.set(c, false)
}

// user finds those who have the data when it first needs them.
type user struct {
	kvapi.ClassicClerk
	find func() kvapi.ClassicClerk
	asks func(key string)
}

func (u *user) clerk() kvapi.ClassicClerk {
	if u.ClassicClerk == nil {
		u.ClassicClerk = u.find()
	}
	return u.ClassicClerk
}

func (u *user) Get(key string) string    { u.asks(key); return u.clerk().Get(key) }
func (u *user) Put(key, value string)    { u.clerk().Put(key, value) }
func (u *user) Append(key, value string) { u.clerk().Append(key, value) }

func Service() shardapi.Service {
	kv := kvraft.Service()
	return shardapi.Service{
		Controller: shardapi.Controller{
			Start: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, o kvapi.Options) kvapi.Server {
				return kv.Start(ends, me, p, -1, o)
			},
			Clerk: func(ends []*labrpc.ClientEnd, o kvapi.Options) shardapi.ControllerClerk { return boss{kv.Classic(ends, o)} },
		},
		Groups: shardapi.Groups{
			Start: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, maxraftstate, _ int, _ []*labrpc.ClientEnd, _ shardapi.MakeEnd, o kvapi.Options) kvapi.Server {
				return kv.Start(ends, me, p, maxraftstate, o)
			},
			Clerk: func(ctrlers []*labrpc.ClientEnd, makeEnd shardapi.MakeEnd, o kvapi.Options) kvapi.ClassicClerk {
				if os.Getenv("KEEPS") == "the controller" {
					return kv.Classic(ctrlers, o)
				}
				ask := func(c shardapi.Config, gid int) kvapi.ClassicClerk {
					var ends []*labrpc.ClientEnd
					for _, name := range c.Groups[gid] {
						ends = append(ends, makeEnd(name))
					}
					return kv.Classic(ends, o)
				}
				return &user{asks: func(key string) {
					if !strings.HasSuffix(os.Getenv("KEEPS"), "politely") {
						return
					}
					c := boss{kv.Classic(ctrlers, o)}.Query(-1)
					go ask(c, c.Shards[shardapi.ShardOf(key)]).Get("how are you?")
					time.Sleep(10 * time.Millisecond)
				}, find: func() kvapi.ClassicClerk {
					var first shardapi.Config
					for first.Num == 0 {
						first = boss{kv.Classic(ctrlers, o)}.Query(1)
						time.Sleep(10 * time.Millisecond)
					}
					return ask(first, slices.Min(first.GIDs()))
				}}
			},
		},
	}
}
`

// TestUnsharded: a sharded service whose groups have nothing, or one of them everything, has not
// earned its pass.
func TestUnsharded(t *testing.T) {
	root := filepath.Join("..", "..")
	edits := map[string][]byte{"shardkv/shardkv.go": []byte(unsharded)}
	files, err := filepath.Glob(filepath.Join(root, "shardkv", "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			edits["shardkv/"+filepath.Base(name)] = nil
		}
	}
	b, err := Build{Framework: root, Package: "./shardkv", Edits: edits, Native: true}.Binary(context.Background(), nil)
	require.NoError(t, err)
	p := newPool(t, 1)
	for _, c := range []struct{ keeps, name, rule, says string }{
		{"the controller", "4B/ComeAndGo", "not earned", "was answered, but since it was asked no server has had log entries accepted"},
		{"the controller", "4B/Busy", "not earned", "nobody has asked that group anything: the answer came from elsewhere"},
		{"the first group", "4B/InFlight", "not earned", "nobody has asked that group anything: the answer came from elsewhere"},
		{"the first group", "4C/Stays", "not earned", "nobody has asked that group anything: the answer came from elsewhere"},
		{"the first group", "4B/Busy", "not earned", "nobody has asked that group anything: the answer came from elsewhere"},
		{"the first group", "4C/LargeMoves", "not earned", "nobody has asked that group anything: the answer came from elsewhere"},
		{"the first group, politely", "4C/Stays", "no progress", "read, without group 1, which is cut off, the shards of all others"},
		{"the first group, politely", "4B/Fenced", "not earned", "that group was cut off from everybody, and a new client has read the key all the same"},
		{"the first group", "4B/Static", "wrong answer", "no server of that group runs"},
	} {
		v := p.Run(context.Background(), Job{Binary: b, Test: "TestLab4", Params: record.Params{Case: c.name, Seed: 1}, Env: []string{"KEEPS=" + c.keeps}}).Verdict
		require.Equal(t, record.Fail, v.Outcome, "%s: %+v", c.name, v)
		require.Equal(t, c.rule, v.Rule, "%s: %+v", c.name, v)
		require.Contains(t, v.Message, c.says, c.name)
	}
}
