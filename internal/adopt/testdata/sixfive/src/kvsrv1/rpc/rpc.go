// Package rpc is what clients and servers say to each other.
package rpc

type Err string
type Tversion uint64

const (
	OK             = "OK"
	ErrNoKey       = "ErrNoKey"
	ErrVersion     = "ErrVersion"
	ErrMaybe       = "ErrMaybe"
	ErrWrongLeader = "ErrWrongLeader"
	ErrWrongGroup  = "ErrWrongGroup"
)

type PutArgs struct {
	Key, Value string
	Version    Tversion
}
type PutReply struct{ Err Err }
type GetArgs struct{ Key string }
type GetReply struct {
	Value   string
	Version Tversion
	Err     Err
}

// Cell is a value with its version.
type Cell struct {
	Value   string
	Version Tversion
}

// Put is the rule of a write.
func Put(data map[string]Cell, a PutArgs) Err {
	old, ok := data[a.Key]
	switch {
	case !ok && a.Version != 0:
		return ErrNoKey
	case old.Version != a.Version:
		return ErrVersion
	}
	data[a.Key] = Cell{a.Value, a.Version + 1}
	return OK
}

// Get is the rule of a read.
func Get(data map[string]Cell, a GetArgs) GetReply {
	cell, ok := data[a.Key]
	if !ok {
		return GetReply{Err: ErrNoKey}
	}
	return GetReply{cell.Value, cell.Version, OK}
}
