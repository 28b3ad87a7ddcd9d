package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A manifest is what a peer is given as a snapshot:
//
//	mark, 32 bytes | index, 8 | CRC-32C, 4
//
// The mark is a secret of the cluster's members. Messages between peers are searched for it, since
// nobody knows how a peer calls the message that carries its snapshots, and what a client has
// stored must not pass for a manifest.

const (
	markSize     = sha256.Size
	manifestSize = markSize + 8 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// markOf is the mark of the cluster that has this secret.
func markOf(secret string) []byte {
	sum := sha256.Sum256([]byte("a snapshot of the cluster " + secret))
	return sum[:]
}

func (f *Files) manifest(index int) []byte {
	b := append(make([]byte, 0, manifestSize), f.mark...)
	b = binary.LittleEndian.AppendUint64(b, uint64(index))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

var errNoManifest = errors.New("it is no manifest of this cluster: the peer has changed what it was given, or the folder is of an older version")

// parse returns the index of a manifest.
func (f *Files) parse(b []byte) (index int, err error) {
	const n = markSize + 8
	if len(b) != manifestSize || !bytes.Equal(b[:markSize], f.mark) || crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return 0, errNoManifest
	}
	return int(binary.LittleEndian.Uint64(b[markSize:])), nil
}

// within returns the highest index of the manifests in a message, 0 if there is none.
func (f *Files) within(message []byte) (index int) {
	for {
		at := bytes.Index(message, f.mark)
		if at < 0 {
			return index
		}
		message = message[at:]
		if len(message) >= manifestSize {
			if found, err := f.parse(message[:manifestSize]); err == nil {
				index = max(index, found)
			}
		}
		message = message[markSize:]
	}
}
