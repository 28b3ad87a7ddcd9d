package model

import (
	"fmt"

	"github.com/anishathalye/porcupine"

	"raftlab/kvapi"
)

// cell is one key of the versioned service. Version 0 stands for a key that does not exist.
type cell struct {
	value   string
	version kvapi.Version
}

// versioned is one key of the versioned service.
//
// A put that is answered ErrMaybe, or not at all, leaves open whether it took effect; but at the
// instant that it is given, nothing is open: it takes effect exactly if the version is the one it
// names. (The clerk may have sent it several times. At most one of them took effect, since that
// raised the version beyond the one that all of them name; the others changed nothing.) The instant
// may come after the answer ErrMaybe, when a copy of the request has been on its way for long.
//
// For the same reason a workload must not guess versions that it has not read: a copy of a put that
// was refused, made by the network, could be let in when the version has come up to it, and the
// answer ErrVersion would be wrong although no server did wrong.
var versioned = porcupine.Model{
	Init: func() any { return cell{} },
	Step: func(state, input, _ any) (bool, any) {
		c, op := state.(cell), input.(*Op)
		if op.Kind == Get {
			return op.Open || c.answersGet(op), c
		}
		return c.put(op)
	},
	Equal: func(a, b any) bool { return a == b },
	Hash: func(state any) uint64 {
		c := state.(cell)
		return sumOf(c.value) ^ uint64(c.version)*0x9e3779b97f4a7c15
	},
	DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
	DescribeState: func(state any) string {
		c := state.(cell)
		return fmt.Sprintf("%s v%d", shorten(c.value), c.version)
	},
}

func (c cell) answersGet(op *Op) bool {
	if c.version == 0 {
		return op.Err == kvapi.ErrNoKey
	}
	return op.Err == kvapi.OK && op.Got == c.value && op.GotVersion == c.version
}

func (c cell) put(op *Op) (legal bool, next cell) {
	matches := c.version == op.Version
	if matches {
		next = cell{op.Value, c.version + 1}
	} else {
		next = c
	}
	switch {
	case op.Unknown():
		return true, next
	case op.Err == kvapi.OK:
		return matches, next
	case op.Err == kvapi.ErrVersion:
		return !matches && c.version != 0, next
	case op.Err == kvapi.ErrNoKey:
		return !matches && c.version == 0, next
	}
	return false, c
}
