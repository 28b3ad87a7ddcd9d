package etcdraft

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"raftlab/raftapi"
)

// The library reads its log through raft.Storage, here its own MemoryStorage, and leaves it to us
// to make that durable. On the persister:
//
//	Header           record, below, in varints
//	SnapshotIndex    raft index of the last entry in the snapshot
//	Snapshot         the service's bytes, as they are: the service reads them there after a restart
//	Entries          one marshalled raftpb.Entry each

// record is the Header on the persister.
type record struct {
	term, vote, commit uint64 // raftpb.HardState
	snapshotTerm       uint64 // term of the last entry in the snapshot
	snapshotCommand    uint64 // command index of the last command in it
}

func (r *record) fields() []*uint64 {
	return []*uint64{&r.term, &r.vote, &r.commit, &r.snapshotTerm, &r.snapshotCommand}
}

func (r record) encode() (b []byte) {
	for _, field := range r.fields() {
		b = binary.AppendUvarint(b, *field)
	}
	return b
}

func decodeRecord(b []byte) (r record) {
	for _, field := range r.fields() {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			panic("etcdraft: the persister holds a header that this package has not written")
		}
		*field, b = v, b[size:]
	}
	return r
}

// restore fills the library's storage from the persister.
func (p *Peer) restore() {
	stored := p.persister.Read()
	if len(stored.State) > 0 {
		panic("etcdraft: the persister holds the state of another Raft")
	}
	if len(stored.Header) > 0 {
		p.disk = decodeRecord(stored.Header)
	}
	// Who the peers are is part of a snapshot, so a new peer begins with one at index 0 that holds
	// nothing else. (RawNode.Bootstrap would log a change of configuration for each peer instead.)
	snapshot := &pb.Snapshot{
		Metadata: &pb.SnapshotMetadata{
			ConfState: &pb.ConfState{},
			Index:     proto.Uint64(uint64(stored.SnapshotIndex)),
			Term:      proto.Uint64(p.disk.snapshotTerm),
		},
		Data: snapshotPayload(int(p.disk.snapshotCommand), stored.Snapshot),
	}
	for peer := range p.ends {
		snapshot.Metadata.ConfState.Voters = append(snapshot.Metadata.ConfState.Voters, idOf(peer))
	}
	p.must("restore the snapshot", p.store.ApplySnapshot(snapshot))
	entries := make([]*pb.Entry, len(stored.Entries))
	for i, b := range stored.Entries {
		entries[i] = &pb.Entry{}
		p.must("decode an entry", proto.Unmarshal(b, entries[i]))
	}
	p.must("restore the log", p.store.Append(entries))
	if len(stored.Header) > 0 {
		p.must("restore the state", p.store.SetHardState(&pb.HardState{
			Term: proto.Uint64(p.disk.term), Vote: proto.Uint64(p.disk.vote), Commit: proto.Uint64(p.disk.commit)}))
	}
	p.index.reset(int(p.disk.snapshotCommand))
	p.index.append(entries)
	p.applied = uint64(stored.SnapshotIndex)
	p.term, p.commit = int(p.disk.term), p.disk.commit
}

// must panics if storage fails: in memory it can only be a broken invariant.
func (p *Peer) must(doing string, err error) {
	if err != nil {
		panic(fmt.Sprintf("etcdraft: peer %d cannot %s: %v", p.me, doing, err))
	}
}

// persist stores what is new in a Ready, in one write, and then shows it to the library: snapshot,
// entries, state, in this order. It blocks for as long as the persister's disk does.
func (p *Peer) persist(rd raft.Ready, hard *pb.HardState) {
	p.disk.term, p.disk.vote, p.disk.commit = hard.GetTerm(), hard.GetVote(), hard.GetCommit()
	var u raftapi.Update
	if s := rd.Snapshot; !raft.IsEmptySnap(s) {
		p.disk.snapshotTerm, p.disk.snapshotCommand = s.GetMetadata().GetTerm(), uint64(snapshotCommand(s))
		u.SnapshotIndex, u.Snapshot = int(s.GetMetadata().GetIndex()), snapshotData(s)
		u.From = u.SnapshotIndex + 1 // what was behind it is gone
	}
	if len(rd.Entries) > 0 {
		u.From, u.Entries = int(rd.Entries[0].GetIndex()), p.marshalEntries(rd.Entries)
	}
	// A commit index that has moved is not worth a write (that is what MustSync says): it is
	// written along with the next thing that is.
	if rd.MustSync || u.SnapshotIndex > 0 {
		u.Header = p.disk.encode()
		p.persister.Write(u)
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		p.must("install a snapshot", p.store.ApplySnapshot(rd.Snapshot))
	}
	p.must("append to the log", p.store.Append(rd.Entries))
	p.must("note its state", p.store.SetHardState(hard))
}

func (p *Peer) marshalEntries(entries []*pb.Entry) [][]byte {
	encoded := make([][]byte, len(entries))
	for i, e := range entries {
		b, err := proto.Marshal(e)
		p.must("encode an entry", err)
		encoded[i] = b
	}
	return encoded
}

// Snapshot implements [raftapi.Snapshotter]. It returns when the snapshot is stored.
func (p *Peer) Snapshot(index int, snapshot []byte) {
	p.betweenTurns(func() { p.snapshot(index, append([]byte(nil), snapshot...)) })
}

// snapshot is called between two turns, so everything that the service has seen is stored.
func (p *Peer) snapshot(command int, data []byte) {
	index, ok := p.index.find(command)
	if !ok {
		return // a newer snapshot has come from the leader meanwhile
	}
	if index > p.applied {
		panic(fmt.Sprintf("etcdraft: Snapshot(%d), but the service of peer %d was given no more than %d", command, p.me, p.index.through(p.applied)))
	}
	s, err := p.store.CreateSnapshot(index, nil, snapshotPayload(command, data)) // nil: the same peers as ever
	p.must("make a snapshot", err)
	p.disk.snapshotTerm, p.disk.snapshotCommand = s.GetMetadata().GetTerm(), uint64(command)
	// The header goes along, for the commit index on the disk may be an old one (see persist):
	// older than the snapshot, and the library would refuse to start.
	p.persister.Write(raftapi.Update{Header: p.disk.encode(), SnapshotIndex: int(index), Snapshot: data})
	p.index.compact(command)
	if err := p.store.Compact(p.keepFrom(index)); err != raft.ErrCompacted { // nothing to drop
		p.must("compact the log", err)
	}
}

// keepFrom returns the index through which the log in memory is dropped after a snapshot at index.
// What stays between the two helps followers that are slightly behind; it is in no stored state.
func (p *Peer) keepFrom(index uint64) uint64 {
	first, err := p.store.FirstIndex()
	p.must("find the beginning of its log", err)
	bytes := p.config.CatchUpBytes
	for kept := 0; kept < p.config.CatchUpEntries && index >= first; kept++ {
		entries, err := p.store.Entries(index, index+1, maxSizePerMessage)
		p.must("read its log", err)
		if bytes -= proto.Size(entries[0]); bytes < 0 {
			break
		}
		index--
	}
	return index
}

// A snapshot between peers has to say which command is its last: a varint before the service's
// bytes.
func snapshotPayload(command int, data []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(command)), data...)
}

func snapshotCommand(s *pb.Snapshot) int {
	command, size := binary.Uvarint(s.GetData())
	if size <= 0 {
		panic("etcdraft: a snapshot without the index of its last command")
	}
	return int(command)
}

func snapshotData(s *pb.Snapshot) []byte {
	_, size := binary.Uvarint(s.GetData())
	return append([]byte(nil), s.GetData()[size:]...)
}
