package shardkv

import (
	"fmt"

	"raftlab/kvapi"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// machine is what a group replicates: its shards, what it owes other groups, and what it is owed,
// all as of one configuration. It is plain and deterministic, and knows neither Raft nor the
// network; everything that the group ever does about a shard is an operation that is applied here.
// The package's documentation draws its states.
type machine struct {
	gid    int
	config shardapi.Config // adopted last

	// shards are those that the group has and serves; nil for the others.
	shards [shardapi.NShards]*contents

	// awaited are shards which are the group's own, and still with the group that had them before.
	// The next configuration is not adopted before they have come.
	awaited map[int]source

	// kept are shards which are no longer the group's own and which it keeps until their next owner
	// has them. What is in them never changes: whoever asks for (shard, configuration) gets the
	// same for ever, until it is discarded.
	kept map[move]*contents

	// owed are shards that have come, whose last owner has not been told yet that it can discard
	// them.
	owed map[move]source

	// last says of each shard who had it last, according to the configurations so far, if that is
	// not its present owner. A shard can be nobody's for a while: when the last group has left.
	last [shardapi.NShards]source

	// changed is called when there may be something to do for the mover. It must not block.
	changed func()
}

// move names one journey of a shard. Num is the number of the configuration that took it from its
// owner; so no two journeys of a shard have the same name.
type move struct{ Shard, Num int }

// source says where to fetch a shard from. The addresses are those of the configuration in which
// the group had the shard: the group may have left since. Its fields are exported for gob.
type source struct {
	Move    move
	GID     int // 0: nobody ever had the shard, it begins empty
	Servers []string
}

func newMachine(gid int) *machine {
	return &machine{
		gid:     gid,
		awaited: map[int]source{},
		kept:    map[move]*contents{},
		owed:    map[move]source{},
		changed: func() {},
	}
}

// Apply implements rsm.Machine.
func (m *machine) Apply(o op) answer {
	switch o.kind {
	case opOpen, opPut, opAppend:
		return m.serve(o)
	case opAdopt:
		return m.adopt(o.config)
	case opInstall:
		return m.install(o.move, o.contents)
	case opDiscard:
		return m.discard(o.move)
	case opSettle:
		return m.settle(o.move)
	}
	panic(fmt.Sprintf("shardkv: unknown operation %q in the log", o.kind))
}

// serve executes what a client wants, if the shard is here at this place in the log. Whether it was
// when the request came in says nothing: a configuration may stand in between.
func (m *machine) serve(o op) answer {
	shard := o.move.Shard
	if o.kind != opOpen {
		shard = shardapi.ShardOf(o.key)
	}
	if err := m.has(shard); err != kvapi.OK {
		raftapi.Reached("write refused: the shard is not here")
		return answerOf(err)
	}
	if o.kind == opOpen {
		m.shards[shard].sessions.open(o.session)
		return okay
	}
	return m.shards[shard].write(o, m.gid)
}

// has returns OK if the group serves the shard; ErrWrongGroup if it is not the group's own, as far
// as the group knows; or errNotReady.
func (m *machine) has(shard int) kvapi.Err {
	switch {
	case shard < 0 || shard >= shardapi.NShards || m.config.Shards[shard] != m.gid:
		return ErrWrongGroup
	case m.shards[shard] == nil:
		raftapi.Reached("shard asked for before it has arrived")
		return errNotReady
	}
	return kvapi.OK
}

// get reads a key.
func (m *machine) get(key string) (string, kvapi.Err) {
	shard := shardapi.ShardOf(key)
	if err := m.has(shard); err != kvapi.OK {
		raftapi.Reached("read refused: the shard is not here")
		return "", err
	}
	value, ok := m.shards[shard].data[key]
	if !ok {
		return "", kvapi.ErrNoKey
	}
	return value, kvapi.OK
}

// adopt takes the group from its configuration to the next one. From here on, which is the same
// place in the log for all servers of the group, it serves no shard that it has lost.
//
// Configurations are adopted one by one. Whoever skipped one would not know who had a shard in
// it, and would fetch the shard from somebody whose copy is older.
func (m *machine) adopt(next shardapi.Config) answer {
	switch {
	case next.Num != m.config.Num+1:
		raftapi.Reached("configuration out of turn ignored")
		return answerOf(errNotReady)
	case len(m.awaited) > 0:
		raftapi.Reached("configuration refused: shards of the last one are still awaited")
		return answerOf(errNotReady)
	}
	for shard := range m.shards {
		was, will := m.config.Shards[shard], next.Shards[shard]
		if was == will {
			continue
		}
		if was != 0 {
			m.last[shard] = source{Move: move{shard, next.Num}, GID: was, Servers: m.config.Groups[was]}
		}
		if was == m.gid {
			m.lose(shard)
		}
		if will == m.gid {
			m.gain(shard)
		}
	}
	m.config = next.Clone()
	m.changed()
	return okay
}

// lose stops serving a shard, and keeps it for its next owner.
func (m *machine) lose(shard int) {
	m.kept[m.last[shard].Move] = m.shards[shard]
	m.shards[shard] = nil
	raftapi.Reached("shard lost to another group")
}

// gain begins a shard anew, or begins to wait for it.
func (m *machine) gain(shard int) {
	from := m.last[shard]
	switch from.GID {
	case 0:
		m.shards[shard] = newContents()
	case m.gid: // nobody's in the meantime
		m.shards[shard] = m.kept[from.Move]
		delete(m.kept, from.Move)
		raftapi.Reached("shard came back that was nobody's in the meantime")
	default:
		m.awaited[shard] = from
		raftapi.Reached("shard awaited from another group")
	}
}

// install serves a shard that has arrived. Whatever is not the very journey that is awaited is old,
// or came twice: the shard may have been written to since, or have gone on to the next group.
func (m *machine) install(mv move, encoded string) answer {
	from, ok := m.awaited[mv.Shard]
	if !ok || from.Move != mv {
		raftapi.Reached("stale shard ignored")
		return answerOf(errNotReady)
	}
	arrived, err := decodeContents([]byte(encoded))
	if err != nil {
		panic(err) // an entry of the log was damaged
	}
	delete(m.awaited, mv.Shard)
	m.shards[mv.Shard] = arrived
	m.owed[mv] = from
	if len(m.awaited) > 0 {
		raftapi.Reached("shard served while others are awaited")
	}
	m.changed()
	return okay
}

// discard forgets a shard that its next owner has. OK says that it is not here any more.
func (m *machine) discard(mv move) answer {
	if m.config.Num < mv.Num {
		return answerOf(errNotReady) // nobody can have it yet; not from here
	}
	if _, ok := m.kept[mv]; ok {
		raftapi.Reached("kept shard discarded")
		delete(m.kept, mv)
	} else {
		raftapi.Reached("shard was to be discarded twice")
	}
	return okay
}

// settle notes that the last owner of a shard has discarded it.
func (m *machine) settle(mv move) answer {
	delete(m.owed, mv)
	m.changed()
	return okay
}
