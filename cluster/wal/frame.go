package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// The bytes of segments and groups. Numbers are little-endian.

const (
	version    = 1   // of the format
	headerSize = 512 // a sector of its own: no later write touches it

	groupMagic = 0x50475257 // "WRGP"
	frameHead  = 4 + 4 + 8 + 4 + 4
	alignment  = 8
)

var (
	walMagic = [8]byte{'R', 'L', 'A', 'B', 'W', 'A', 'L', '\n'}
	castle   = crc32.MakeTable(crc32.Castagnoli)
)

// header is the beginning of a segment.
type header struct {
	number uint64 // of the segment, from 1
	first  uint64 // number of its first group
	chain  uint32 // CRC of the group before that
	salt   uint64 // part of the CRC of each group: bytes that a client has stored cannot pass for a group
	size   int64  // of the file, which was made as long before it got its name; 0: by a program that did not note it
}

func (h header) encode() []byte {
	b := append([]byte{}, walMagic[:]...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, h.chain)
	b = binary.LittleEndian.AppendUint64(b, h.number)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint64(b, h.salt)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castle))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.size))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castle))
	return append(b, make([]byte, headerSize-len(b))...)
}

func decodeHeader(b []byte) (h header, err error) {
	const n = 8 + 4 + 4 + 3*8
	if len(b) < headerSize || [8]byte(b) != walMagic {
		return h, errors.New("it does not begin like a segment of a log")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return h, fmt.Errorf("its format has the version %d, and this program knows %d: use the program that wrote it", v, version)
	}
	if crc32.Checksum(b[:n], castle) != binary.LittleEndian.Uint32(b[n:]) {
		return h, errors.New("the checksum of its header is wrong")
	}
	h.chain = binary.LittleEndian.Uint32(b[12:])
	h.number = binary.LittleEndian.Uint64(b[16:])
	h.first = binary.LittleEndian.Uint64(b[24:])
	h.salt = binary.LittleEndian.Uint64(b[32:])
	if size := b[n+4 : n+16]; [12]byte(size) != [12]byte{} {
		if crc32.Checksum(b[:n+12], castle) != binary.LittleEndian.Uint32(size[8:]) {
			return h, errors.New("the checksum of its size is wrong")
		}
		h.size = int64(binary.LittleEndian.Uint64(size))
	}
	return h, nil
}

// frame is one group as it stands in a segment.
type frame struct {
	number  uint64
	prev    uint32 // CRC of the group before
	crc     uint32
	payload []byte
	size    int64 // in the file, with padding
}

// frameSize is how many bytes a payload takes in a file.
func frameSize(payload int) int64 {
	return (int64(frameHead+payload) + alignment - 1) / alignment * alignment
}

// encodeFrame returns the bytes of a group, and its CRC.
func encodeFrame(salt, number uint64, prev uint32, payload []byte) ([]byte, uint32) {
	b := make([]byte, 0, frameSize(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, groupMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, number)
	b = binary.LittleEndian.AppendUint32(b, prev)
	crc := frameCRC(salt, b, payload)
	b = binary.LittleEndian.AppendUint32(b, crc)
	b = append(b, payload...)
	return append(b, make([]byte, cap(b)-len(b))...), crc
}

func frameCRC(salt uint64, head, payload []byte) uint32 {
	crc := crc32.Update(0, castle, binary.LittleEndian.AppendUint64(nil, salt))
	crc = crc32.Update(crc, castle, head)
	return crc32.Update(crc, castle, payload)
}

// decodeFrame reads the group at the beginning of b, which goes to the end of the file. It says
// nothing about the group's place in the chain.
func decodeFrame(salt uint64, b []byte) (f frame, err error) {
	if len(b) < frameHead || binary.LittleEndian.Uint32(b) != groupMagic {
		return f, errors.New("there is no group")
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if f.size = frameSize(int(n)); f.size > int64(len(b)) {
		return f, fmt.Errorf("a group of %d bytes goes beyond the end", n)
	}
	f.number = binary.LittleEndian.Uint64(b[8:])
	f.prev = binary.LittleEndian.Uint32(b[16:])
	f.crc = binary.LittleEndian.Uint32(b[20:])
	f.payload = b[frameHead : frameHead+n]
	if f.crc != frameCRC(salt, b[:20], f.payload) {
		return f, fmt.Errorf("the checksum of group %d is wrong", f.number)
	}
	return f, nil
}
