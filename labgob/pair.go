package labgob

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"reflect"

	"raftlab/internal/globals"
)

// pair is an encoder and a decoder joined by a buffer. Types are described once in its life, which
// is what makes it cheaper than a new one for each message. It is correct as long as the decoder
// reads everything that the encoder writes; after any error it has to be thrown away.
type pair struct {
	buf bytes.Buffer
	enc *gob.Encoder
	dec *gob.Decoder
}

func newPair() *pair {
	p := &pair{}
	p.enc, p.dec = gob.NewEncoder(&p.buf), gob.NewDecoder(&p.buf)
	return p
}

// move sends src through the pair into the variable that dst points to, and returns the size of
// the message without type descriptors. dynamic says that there may be interfaces in src.
func (p *pair) move(dst, src reflect.Value, dynamic bool) (size int, err error) {
	defer func() {
		// A GobEncode method of a student's type, or a nil pointer where gob does not expect one.
		if r := recover(); r != nil {
			err = fmt.Errorf("labgob: sending a %s: %v", src.Type(), r)
		}
	}()
	if err := p.enc.EncodeValue(src); err != nil {
		return 0, err
	}
	size, alone := messageLen(p.buf.Bytes())
	if err := p.decode(dst); err != nil {
		return 0, err
	}
	if p.buf.Len() > 0 {
		return 0, errors.New("labgob: gob did not read what it wrote")
	}
	if alone && !dynamic {
		return size, nil
	}
	// There were descriptors around the message, or are some in its midst (vet.go shows where). Its
	// size must not depend on the age of the pair, so it is measured without them: they are not
	// sent twice. The decoder need not see a message from which it would learn nothing.
	if err := p.enc.EncodeValue(src); err != nil {
		return 0, err
	}
	size, _ = messageLen(p.buf.Bytes())
	p.buf.Reset()
	return size, nil
}

// decode reads a message. Methods of it belong to nobody but the receiver, who is not there yet.
func (p *pair) decode(dst reflect.Value) error {
	defer globals.Leave(globals.Enter(globals.NewVisitor()))
	return p.dec.DecodeValue(dst)
}

// messageLen returns the length of the first message in b, and whether it is the only one.
func messageLen(b []byte) (length int, alone bool) {
	n, _ := readUint(bytes.NewReader(b))
	length = uintSize(n) + int(n)
	return length, length == len(b)
}
