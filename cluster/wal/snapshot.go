package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"raftlab/cluster/disk"
)

// A snapshot is a file of its own: groups are small then, and segments can go behind it. It is
// complete, synced and has its name before a group refers to it, and the one before it stays until
// that group is synced. So a crash finds the old one or the new one.
//
//	file   magic, 8 bytes | version | CRC | size, 8 bytes | the peer's bytes

var snapMagic = [8]byte{'R', 'L', 'A', 'B', 'S', 'N', 'P', '\n'}

const snapHead = 8 + 4 + 4 + 8

func encodeSnapshot(data []byte) ([]byte, uint32) {
	crc := crc32.Checksum(data, castle)
	b := append(make([]byte, 0, snapHead+len(data)), snapMagic[:]...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, crc)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	return append(b, data...), crc
}

// makeFile writes a file so that it has its name only when it is complete, and then for good.
func makeFile(fs disk.FS, name string, size int64, data []byte) error {
	part := name + partSuffix
	f, err := fs.Create(part)
	if err != nil {
		return err
	}
	defer f.Close()
	if size > 0 {
		if err := f.Allocate(size); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fs.Rename(part, name); err != nil {
		return err
	}
	return fs.SyncDir()
}

// readSnapshot reads the snapshot that a group refers to.
func readSnapshot(fs disk.FS, want ref) ([]byte, error) {
	if want.number == 0 {
		return nil, nil
	}
	name := snapshotName(want.number)
	b, err := readAll(fs, name)
	if err != nil {
		return nil, &Damage{name, 0, "the snapshot that the log refers to cannot be read: " + err.Error()}
	}
	if len(b) < snapHead || [8]byte(b) != snapMagic {
		return nil, &Damage{name, 0, "it does not begin like a snapshot"}
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return nil, &Damage{name, 8, fmt.Sprintf("its format has the version %d, and this program knows %d", v, version)}
	}
	data := b[snapHead:]
	size, crc := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint32(b[12:])
	if int64(size) != want.size || int64(len(data)) != want.size || crc != want.crc || crc32.Checksum(data, castle) != crc {
		return nil, &Damage{name, snapHead, "it is not the snapshot that the log refers to: size or checksum differ"}
	}
	return data, nil
}
