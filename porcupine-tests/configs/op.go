package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"raftlab/shardapi"
)

// Kind is what an operation does.
type Kind string

const (
	Join  Kind = "join"
	Leave Kind = "leave"
	Move  Kind = "move"
	Query Kind = "query"
)

// Op is an operation of a client of the controller: what was asked, when, and what was answered.
type Op struct {
	Client int
	Kind   Kind

	Groups     map[int][]string // Join
	GIDs       []int            // Leave
	Shard, GID int              // Move
	Num        int              // Query

	// Call and Return are places in the order of all calls and returns of a history. Open says that
	// there was no return: the client died, or the history ended.
	Call, Return int
	Open         bool
	Begin, End   time.Duration // the same as virtual times, for people

	Got shardapi.Config // Query
}

// Question is what the operation asks, without its kind.
func (o Op) Question() string {
	switch o.Kind {
	case Join:
		return strings.Trim(fmt.Sprint(slices.Sorted(maps.Keys(o.Groups))), "[]")
	case Leave:
		return strings.Trim(fmt.Sprint(o.GIDs), "[]")
	case Move:
		return fmt.Sprintf("shard %d to group %d", o.Shard, o.GID)
	}
	return fmt.Sprint(o.Num)
}

// Answer is what came back.
func (o Op) Answer() string {
	if o.Kind != Query {
		return "OK"
	}
	return Text(o.Got)
}

// String is the whole of it, on one line.
func (o Op) String() string {
	answer := "?"
	if !o.Open {
		answer = o.Answer()
	}
	return fmt.Sprintf("%s %s -> %s", o.Kind, o.Question(), answer)
}

// Text writes a configuration on one line: its number, who has the shards, and the groups that have
// none.
//
//	3: 1 1 1 1 1 2 2 2 2 2
//	4: 1 1 1 1 1 1 1 1 1 1, idle: 7
func Text(c shardapi.Config) string {
	text := fmt.Sprintf("%d: %s", c.Num, strings.Trim(fmt.Sprint(c.Shards), "[]"))
	var idle []int
	for _, gid := range c.GIDs() {
		if !slices.Contains(c.Shards[:], gid) {
			idle = append(idle, gid)
		}
	}
	if len(idle) > 0 {
		text += ", idle: " + strings.Trim(fmt.Sprint(idle), "[]")
	}
	return text
}
