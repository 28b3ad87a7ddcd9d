package shardkv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/shardapi"
)

// opKind is what an operation in a group's log does.
type opKind string

const (
	// For clients.
	opOpen   opKind = "open"   // begins a session with a shard
	opPut    opKind = "put"    // write, whatever the key has
	opAppend opKind = "append" // write behind what the key has

	// For the group itself. What they name is checked when they are applied, so that one of them
	// may stand in the log late, twice, or for nothing.
	opAdopt   opKind = "adopt"   // the next configuration
	opInstall opKind = "install" // a shard has been fetched from its last owner
	opDiscard opKind = "discard" // a shard that was kept for its next owner has arrived there
	opSettle  opKind = "settle"  // the last owner of a shard has discarded it
)

// op is an operation as it stands in a group's log. Reads are none: see rsm.Read.
type op struct {
	kind       opKind
	session    uint64          // open, put, append
	seq        uint64          // put, append: number of the write in its session, from 1
	key, value string          // put, append
	config     shardapi.Config // adopt
	move       move            // install, discard, settle; open uses its shard
	contents   string          // install: the shard, encoded
}

// answer is what an operation came to. Its field is exported for gob: rsm has results in its
// snapshots.
type answer struct {
	Err kvapi.Err
}

var okay = answer{kvapi.OK}

func answerOf(err kvapi.Err) answer { return answer{err} }

// codec writes operations so that a person can read them in a trace, apart from the shard itself:
//
//	open 3 1z141z4
//	put 1z141z4 7 "x" "1"
//	append 1z141z4 8 "x" "2"
//	adopt {"Num":4,"Shards":[1,1,...],"Groups":{"1":["1-0","1-1","1-2"]}}
//	install 3 4 ...
//	discard 3 4
//	settle 3 4
var codec = rsm.Codec[op]{Append: appendOp, Parse: parseOp}

func appendOp(b []byte, o op) []byte {
	number := func(n uint64, base int) { b = strconv.AppendUint(append(b, ' '), n, base) }
	b = append(b, o.kind...)
	switch o.kind {
	case opOpen:
		number(uint64(o.move.Shard), 10)
		number(o.session, 36)
	case opPut, opAppend:
		number(o.session, 36)
		number(o.seq, 10)
		b = strconv.AppendQuote(append(b, ' '), o.key)
		b = strconv.AppendQuote(append(b, ' '), o.value)
	case opAdopt:
		b = append(append(b, ' '), encodeConfig(o.config)...)
	case opInstall, opDiscard, opSettle:
		number(uint64(o.move.Shard), 10)
		number(uint64(o.move.Num), 10)
		if o.kind == opInstall {
			b = append(append(b, ' '), o.contents...)
		}
	}
	return b
}

// encodeConfig writes a configuration so that a person can read it. Its groups come in the order of
// their gids.
func encodeConfig(c shardapi.Config) []byte {
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("shardkv: cannot encode configuration %d: %v", c.Num, err))
	}
	return text
}

func parseOp(b []byte) (op, error) {
	word, rest, _ := bytes.Cut(b, []byte(" "))
	p := parser{rest: string(rest)}
	o := op{kind: opKind(word)}
	switch o.kind {
	case opOpen:
		o.move.Shard, o.session = int(p.number(10)), p.number(36)
	case opPut, opAppend:
		o.session, o.seq = p.number(36), p.number(10)
		o.key, o.value = p.quoted(), p.quoted()
	case opAdopt:
		p.err = json.Unmarshal(rest, &o.config)
		return o, p.err
	case opInstall, opDiscard, opSettle:
		o.move.Shard, o.move.Num = int(p.number(10)), int(p.number(10))
		if o.kind == opInstall {
			o.contents, p.rest = p.rest, ""
		}
	default:
		return o, fmt.Errorf("unknown operation %q", word)
	}
	if p.err == nil && p.rest != "" {
		p.err = fmt.Errorf("%q behind the operation", p.rest)
	}
	return o, p.err
}

// parser takes words off the front of a text. After an error it returns nothing more.
type parser struct {
	rest string
	err  error
}

func (p *parser) number(base int) (n uint64) {
	at := 0
	for at < len(p.rest) && p.rest[at] != ' ' {
		at++
	}
	word := p.rest[:at]
	p.rest = p.rest[min(at+1, len(p.rest)):]
	if p.err == nil {
		n, p.err = strconv.ParseUint(word, base, 64)
	}
	return n
}

func (p *parser) quoted() (s string) {
	if p.err != nil {
		return ""
	}
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err == nil {
		s, err = strconv.Unquote(quoted)
	}
	p.err, p.rest = err, p.rest[len(quoted):]
	if p.rest != "" {
		if p.rest[0] != ' ' {
			p.err = errors.Join(p.err, fmt.Errorf("no blank before %q", p.rest))
		}
		p.rest = p.rest[1:]
	}
	return s
}
