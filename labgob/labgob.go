package labgob

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
)

// LabEncoder writes values as gob does, and warns of fields that gob leaves out.
type LabEncoder struct {
	mu     sync.Mutex
	stream stream
}

// NewEncoder returns an encoder that writes to w. Type descriptors are written once per encoder, so
// what one encoder writes has to be read by one decoder, in the same order.
func NewEncoder(w io.Writer) *LabEncoder { return &LabEncoder{stream: stream{w: w}} }

// Encode writes e, which is a value or a non-nil pointer to one. It returns an error for types that
// gob cannot send (channels, functions, structs without exported fields), for a dynamic type in
// an interface that was not given to [Register], and if the writer fails.
func (enc *LabEncoder) Encode(e any) error { return enc.EncodeValue(reflect.ValueOf(e)) }

// EncodeValue is Encode for a reflect.Value.
func (enc *LabEncoder) EncodeValue(value reflect.Value) error {
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return fmt.Errorf("labgob: cannot encode a nil %s: there is no value to send", value.Type())
	}
	if value.IsValid() {
		checkType(value.Type())
	}
	enc.mu.Lock()
	defer enc.mu.Unlock()
	return enc.stream.encode(value)
}

// LabDecoder reads what a [LabEncoder] or gob.Encoder wrote. The bytes may come from anywhere:
// whatever they are, Decode returns, does not panic, and uses memory in proportion to their number.
type LabDecoder struct {
	vet *vetter
	gob *gob.Decoder
}

// NewDecoder returns a decoder that reads from r. If r is no io.ByteReader the decoder may read
// more from it than it needs.
func NewDecoder(r io.Reader) *LabDecoder {
	br, ok := r.(byteReader)
	if !ok {
		br = bufio.NewReader(r)
	}
	v := newVetter(br)
	return &LabDecoder{vet: v, gob: gob.NewDecoder(&v.out)}
}

// Decode reads the next value into e, a pointer to a variable that holds the zero value of its
// type; nil skips the value. It returns io.EOF if there is no further value, and another error if
// the input is broken or does not fit the variable.
func (dec *LabDecoder) Decode(e any) (err error) {
	checkTarget(reflect.ValueOf(e))
	if err := dec.vet.next(); err != nil {
		return err
	}
	defer func() {
		// gob turns what it expects to go wrong into errors. Should bytes make it stumble over
		// something else, or a GobDecode method panic, it is still the bytes that are wrong.
		if r := recover(); r != nil {
			err = fmt.Errorf("labgob: decoding into %T: %v", e, r)
		}
		// After an error gob may have left a part of the value unread.
		dec.vet.out.Reset()
	}()
	err = dec.gob.Decode(e)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the value is complete, so gob wanted more than it can hold
	}
	return err
}

// Register makes the type of value known, so that values of it can be sent and stored inside
// variables of interface type, such as the command of a log entry. Call it once at the start, on
// both sides, with a value of exactly the type that will be in the interface:
//
//	labgob.Register(Op{})
//
// Basic types and slices of them need not be registered. It panics if another type goes by the
// same name.
func Register(value any) {
	checkType(reflect.TypeOf(value))
	gob.Register(value)
	addDynamic(reflect.TypeOf(value), registeredName(reflect.TypeOf(value)))
}

// RegisterName is like [Register] with a name of the caller's choice, which both sides must share.
func RegisterName(name string, value any) {
	checkType(reflect.TypeOf(value))
	gob.RegisterName(name, value)
	addDynamic(reflect.TypeOf(value), name)
}
