package shardkv

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"raftlab/labgob"
)

// contents is what moves when a shard moves: the data, and the memory that makes writes to it
// exactly once. They belong together. Data that came without its sessions would be written a second
// time by whoever repeats, at the new owner, what the old one has done already.
type contents struct {
	data     map[string]string
	sessions *sessions
}

func newContents() *contents {
	return &contents{data: map[string]string{}, sessions: newSessions()}
}

// write executes a put or an append of a session, unless that has happened.
func (c *contents) write(o op, gid int) answer {
	known, ok := c.sessions.use(o.session, o.seq, gid)
	if !ok {
		return known
	}
	if o.kind == opAppend {
		c.data[o.key] += o.value
	} else {
		c.data[o.key] = o.value
	}
	return okay
}

// pair is a key and its value in an encoded shard; its fields are exported for gob.
type pair struct{ Key, Value string }

// packed is a shard as bytes are made of it, for messages, log entries and snapshots.
type packed struct {
	Data     []pair
	Sessions packedSessions
}

// pack sorts what maps hold, so that equal shards give equal bytes.
func (c *contents) pack() packed {
	p := packed{Data: make([]pair, 0, len(c.data)), Sessions: c.sessions.pack()}
	for _, key := range slices.Sorted(maps.Keys(c.data)) {
		p.Data = append(p.Data, pair{key, c.data[key]})
	}
	return p
}

func (p packed) unpack() *contents {
	c := &contents{data: make(map[string]string, len(p.Data)), sessions: p.Sessions.unpack()}
	for _, d := range p.Data {
		c.data[d.Key] = d.Value
	}
	return c
}

// encode returns the shard as bytes.
func (c *contents) encode() []byte { return encode(c.pack()) }

// decodeContents undoes encode.
func decodeContents(b []byte) (*contents, error) {
	var p packed
	if err := decode(b, &p); err != nil {
		return nil, fmt.Errorf("shardkv: decoding a shard of %d bytes: %w", len(b), err)
	}
	return p.unpack(), nil
}

func encode(v any) []byte {
	var buf bytes.Buffer
	if err := labgob.NewEncoder(&buf).Encode(v); err != nil {
		panic(fmt.Sprintf("shardkv: cannot encode a %T: %v", v, err))
	}
	return buf.Bytes()
}

func decode(b []byte, into any) error { return labgob.NewDecoder(bytes.NewReader(b)).Decode(into) }
