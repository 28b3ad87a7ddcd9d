package sim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// This file reads what the Go compiler made of a package: which symbols of other packages its
// machine code wants. The format is that of cmd/internal/goobj ("go120ld"): a header with the
// offsets of blocks, and blocks of records of fixed size, in which a string is a length and an
// offset.

const (
	objectMagic = "\x00go120ld"
	objectName  = "_go_.o" // in the archive

	blocks          = 19
	blockNonPackage = 7 // names of symbols that are known by name only
	blockAuxiliary  = 15
	blockNames      = 17 // names of symbols that are known by package and number

	symbolSize    = 21
	auxiliarySize = 9
	nameSize      = 16

	flagLinkname        = 1 << 4 // in a symbol's second byte of flags
	auxiliaryWasmImport = 12     // marks a function that the host has
)

// object is what a package's machine code wants.
type object struct {
	wants    []symbol
	fromHost bool // a function of the package is the host's
}

// symbol is a function, variable or description of a type of another package.
type symbol struct {
	name     string // "fmt.Println", "sync.(*Mutex).Lock"
	linkname bool   // a directive made the name
}

var errNoObject = errors.New("it is not an archive that this engine can read")

// readObject reads an archive of the compiler.
func readObject(archive []byte) (o object, err error) {
	defer func() {
		if recover() != nil { // an offset that leads nowhere
			err = errNoObject
		}
	}()
	body, err := objectOf(archive)
	if err != nil {
		return o, err
	}
	offset := func(block int) uint32 {
		return binary.LittleEndian.Uint32(body[len(objectMagic)+8+4+4*block:])
	}
	text := func(at uint32) string {
		length, start := binary.LittleEndian.Uint32(body[at:]), binary.LittleEndian.Uint32(body[at+4:])
		return string(body[start : start+length])
	}
	if offset(blocks-1) > uint32(len(body)) {
		return o, errNoObject
	}
	for at := offset(blockNonPackage); at+symbolSize <= offset(blockNonPackage+1); at += symbolSize {
		o.wants = append(o.wants, symbol{text(at), body[at+12]&flagLinkname != 0})
	}
	for at := offset(blockNames); at+nameSize <= offset(blockNames+1); at += nameSize {
		o.wants = append(o.wants, symbol{name: text(at + 8)})
	}
	for at := offset(blockAuxiliary); at+auxiliarySize <= offset(blockAuxiliary+1); at += auxiliarySize {
		o.fromHost = o.fromHost || body[at] == auxiliaryWasmImport
	}
	return o, nil
}

// objectOf finds the machine code in an archive, and its header.
func objectOf(archive []byte) ([]byte, error) {
	const first, header = 8, 60 // bytes
	for at := first; at+header <= len(archive); {
		name := strings.TrimSpace(string(archive[at : at+16]))
		size, err := strconv.Atoi(strings.TrimSpace(string(archive[at+48 : at+58])))
		if err != nil || size < 0 || at+header+size > len(archive) {
			return nil, errNoObject
		}
		if content := archive[at+header : at+header+size]; name == objectName {
			_, body, ok := bytes.Cut(content, []byte("\n!\n"))
			if !ok || !bytes.HasPrefix(body, []byte(objectMagic)) {
				return nil, fmt.Errorf("%w: its format is another one", errNoObject)
			}
			return body, nil
		}
		at += header + size + size%2
	}
	return nil, errNoObject
}
