package shardctrler

import (
	"bytes"
	"fmt"

	"raftlab/labgob"
	"raftlab/raftapi"
)

// history is the state machine that the rsm package replicates: all configurations there have been,
// number n at place n. It only grows. A configuration is never changed once it is there, and so
// need not be copied to be given away; the next one is made from a clone of the last.
//
// Most would say the history of a cluster can be forgotten in time. But a group that was down for
// long asks for one number after the other (shardkv), and nobody knows when the last one has come
// back.
type history struct {
	configs []Config
}

func newHistory() *history {
	return &history{configs: []Config{{Groups: map[int][]string{}}}}
}

func (h *history) latest() Config { return h.configs[len(h.configs)-1] }

// get returns the configuration with this number; the latest one if there is none with it (yet).
func (h *history) get(num int) Config {
	if num < 0 || num >= len(h.configs)-1 {
		return h.latest()
	}
	raftapi.Reached("old configuration shown")
	return h.configs[num]
}

// Apply implements rsm.Machine. An operation that leaves everything as it is makes no new
// configuration: all groups would have to go through it, for nothing.
func (h *history) Apply(o op) result {
	next := h.latest().Clone()
	changed := false
	switch o.kind {
	case opJoin:
		changed = join(&next, o.groups)
	case opLeave:
		changed = leave(&next, o.gids)
	case opMove:
		changed = move(&next, o.shard, o.gid)
	default:
		panic(fmt.Sprintf("shardctrler: unknown operation %q in the log", o.kind))
	}
	if !changed {
		raftapi.Reached("request changed nothing")
		return result{Num: next.Num}
	}
	switch groups := len(next.Groups); {
	case groups == 0:
		raftapi.Reached("all groups left")
	case groups > NShards:
		raftapi.Reached("more groups than shards")
	}
	next.Num++
	h.configs = append(h.configs, next)
	return result{Num: next.Num}
}

// join adds those groups that are new. One that is a member already stays as it is, servers and
// all: they have its shards, and others of the same gid would not.
func join(c *Config, groups map[int][]string) (changed bool) {
	for gid, servers := range groups { // in whatever order: they go into a map
		if _, member := c.Groups[gid]; gid > 0 && !member {
			c.Groups[gid] = servers
			changed = true
		}
	}
	if changed {
		c.Shards = rebalance(c.Shards, c.GIDs())
	}
	return changed
}

// leave takes groups away, as far as they are there.
func leave(c *Config, gids []int) (changed bool) {
	for _, gid := range gids {
		if _, member := c.Groups[gid]; member {
			delete(c.Groups, gid)
			changed = true
		}
	}
	if changed {
		c.Shards = rebalance(c.Shards, c.GIDs())
	}
	return changed
}

// move gives a shard to a group. There is nothing to be done if that is not a member: it may have
// left a moment ago.
func move(c *Config, shard, gid int) (changed bool) {
	_, member := c.Groups[gid]
	if !member || shard < 0 || shard >= NShards || c.Shards[shard] == gid {
		return false
	}
	c.Shards[shard] = gid
	return true
}

// row is a configuration in a snapshot: gob writes maps in any order, and equal states are to
// give equal bytes.
type row struct {
	Shards  [NShards]int
	GIDs    []int
	Servers [][]string // of the group at the same place
}

// Snapshot implements rsm.Machine.
func (h *history) Snapshot() []byte {
	rows := make([]row, len(h.configs))
	for i, c := range h.configs {
		rows[i] = row{Shards: c.Shards, GIDs: c.GIDs()}
		for _, gid := range rows[i].GIDs {
			rows[i].Servers = append(rows[i].Servers, c.Groups[gid])
		}
	}
	var buf bytes.Buffer
	if err := labgob.NewEncoder(&buf).Encode(rows); err != nil {
		panic(fmt.Sprintf("shardctrler: cannot encode a snapshot: %v", err))
	}
	return buf.Bytes()
}

// Restore implements rsm.Machine.
func (h *history) Restore(snapshot []byte) error {
	var rows []row
	if err := labgob.NewDecoder(bytes.NewReader(snapshot)).Decode(&rows); err != nil {
		return fmt.Errorf("shardctrler: decoding a snapshot: %w", err)
	}
	h.configs = nil
	for num, r := range rows {
		if len(r.Servers) != len(r.GIDs) {
			return fmt.Errorf("shardctrler: configuration %d of a snapshot has %d groups and the servers of %d", num, len(r.GIDs), len(r.Servers))
		}
		c := Config{Num: num, Shards: r.Shards, Groups: map[int][]string{}}
		for i, gid := range r.GIDs {
			c.Groups[gid] = r.Servers[i]
		}
		h.configs = append(h.configs, c)
	}
	if len(h.configs) == 0 {
		return fmt.Errorf("shardctrler: a snapshot without configuration 0")
	}
	return nil
}
