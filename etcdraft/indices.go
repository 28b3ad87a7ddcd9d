package etcdraft

import (
	"math"
	"sort"

	pb "go.etcd.io/raft/v3/raftpb"
)

// indices translates between the two ways of counting. The library numbers all entries, and each
// new leader appends an empty one; a service that was promised index 7 for its command and sees 6,
// 8 complains, so that only commands are counted here:
//
//	raft index      1    2    3    4    5    6    7
//	              +----+----+----+----+----+----+----+
//	              | -- | a  | b  | -- | c  | -- | d  |      -- empty, from an election
//	              +----+----+----+----+----+----+----+
//	command index        1    2         3         4
//
//	after a snapshot of command 2:   base 2, at {5, 7}
type indices struct {
	base int      // commands that the snapshot covers
	at   []uint64 // raft indices of the commands base+1, base+2, ...; rising
}

// append notes entries that are appended to the log, in place of what was there from the first of
// them on.
func (x *indices) append(entries []*pb.Entry) {
	if len(entries) == 0 {
		return
	}
	x.at = x.at[:x.through(entries[0].GetIndex()-1)-x.base]
	for _, e := range entries {
		if isCommand(e) {
			x.at = append(x.at, e.GetIndex())
		}
	}
}

// isCommand tells a command from the empty entry of a new leader. There are no changes of
// configuration: the peers are fixed.
func isCommand(e *pb.Entry) bool {
	return e.GetType() == pb.EntryNormal && len(e.GetData()) > 0
}

// through returns how many commands there are up to and including a raft index, which is the
// command index of the last of them.
func (x *indices) through(index uint64) int {
	return x.base + sort.Search(len(x.at), func(i int) bool { return x.at[i] > index })
}

// last returns the command index of the last command in the log.
func (x *indices) last() int { return x.through(math.MaxUint64) }

// find returns where a command stands in the log. It is false for one that the snapshot covers
// or that does not exist.
func (x *indices) find(command int) (index uint64, ok bool) {
	if i := command - x.base - 1; i >= 0 && i < len(x.at) {
		return x.at[i], true
	}
	return 0, false
}

// compact notes that a snapshot now covers all up to and including command.
func (x *indices) compact(command int) {
	x.at = append([]uint64(nil), x.at[command-x.base:]...)
	x.base = command
}

// reset notes a snapshot from the leader: command is its last, and nothing stands behind it.
func (x *indices) reset(command int) { *x = indices{base: command} }
