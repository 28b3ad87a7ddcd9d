package etcdraft

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"raftlab/labgob"
)

// The library's entries are bytes. A command becomes a byte for its kind and its content, so that
// even an empty string makes an entry that is not empty: the empty ones are the library's own
// (indices.go). As in package raft, the plain types are written as they are, and gob is left with
// the rest.
const (
	commandNil    = 'n'
	commandInt    = 'i' // a varint
	commandString = 's' // the bytes
	commandBytes  = 'b' // the bytes
	commandGob    = 'g' // a gobCommand
)

// gobCommand wraps a command, since gob tells the type only of an interface inside a struct.
type gobCommand struct{ Command any }

// encodeCommand panics if gob does not know the command's type: it could be neither stored nor
// sent.
func encodeCommand(command any) []byte {
	switch c := command.(type) {
	case nil:
		return []byte{commandNil}
	case int:
		return binary.AppendVarint([]byte{commandInt}, int64(c))
	case string:
		return append([]byte{commandString}, c...)
	case []byte:
		return append([]byte{commandBytes}, c...)
	}
	buf := bytes.NewBuffer([]byte{commandGob})
	if err := labgob.NewEncoder(buf).Encode(gobCommand{command}); err != nil {
		panic(fmt.Sprintf("etcdraft: cannot store a command of type %T (has it been given to labgob.Register?): %v", command, err))
	}
	return buf.Bytes()
}

// decodeCommand panics on bytes that encodeCommand has not made.
func decodeCommand(b []byte) any {
	kind, rest := b[0], b[1:]
	switch kind {
	case commandNil:
		return nil
	case commandInt:
		if n, size := binary.Varint(rest); size > 0 {
			return int(n)
		}
	case commandString:
		return string(rest)
	case commandBytes:
		return append([]byte{}, rest...)
	case commandGob:
		var c gobCommand
		if err := labgob.NewDecoder(bytes.NewReader(rest)).Decode(&c); err == nil {
			return c.Command
		}
	}
	panic(fmt.Sprintf("etcdraft: the log holds %d bytes of kind %q that are no command", len(rest), kind))
}
