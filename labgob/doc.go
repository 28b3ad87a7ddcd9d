// Package labgob is encoding/gob with guard rails for a course on distributed systems.
//
// Peers of a distributed system talk in messages, and keep on disk what must survive a crash. Both
// need a way to turn Go values into bytes and back. Go's own is gob: self-describing, field by
// field and by name, so that the two sides need not agree on the exact type.
//
//	type Vote struct { Term int; From int }        Vote{Term: 7}
//
//	   +-----------------------+      +-----------------------------------+
//	   | type 65 is a struct:  |      | a 65: field 1 is 7; end           |
//	   |   1: "Term" int       |      |                                   |
//	   |   2: "From" int       |      | (From is zero, and is left out)   |
//	   +-----------------------+      +-----------------------------------+
//	    descriptor, once per stream     value, as often as there are values
//
// Two of gob's habits cost students whole nights:
//
//   - A field whose name starts with a lower-case letter is not sent, silently: Go's reflection
//     may not touch it. The other side sees a zero.
//   - A field that is zero is not sent. Decoding into a variable that is not zero therefore keeps
//     the old value, as if the message had carried it.
//
// This package warns of both, once per type, naming the type and the field (warn.go). Nothing else
// about gob's meaning changes, and [NewEncoder] writes plain gob, though mostly without gob's help:
// it is several times cheaper to do by hand (encode.go).
//
// # Decoding bytes that nobody vouches for
//
// gob trusts its input: a message of ten bytes can announce a map of a billion elements, and gob
// makes room for them before it looks for the first. [LabDecoder] walks each message before gob
// sees it (vet.go), so that decoding ends, returns an error instead of panicking, and needs
// memory in proportion to the length of the input.
//
// # Copying messages
//
// A simulated network has both ends of a connection in one process. It could encode each message
// with a new encoder and decode it with a new decoder, which is what 6.824 has always done; but
// then most of a run goes into describing types, again and again. A [Copier] hands a message over
// as gob would have, without the detour where it can (copier.go, compile.go):
//
//	                 shapes that it knows: structs, slices, maps, any, ...
//	             +--> shallow copy, then replace what the two sides must not share --+
//	args --------+                                                                  +--> copy
//	             +--> encoder -> bytes -> decoder, both long-lived ------------------+
//	                 everything else: other type, GobEncoder, unexported fields
//
// Contents:
//
//   - [LabEncoder], [LabDecoder], [Register]: the interface that students use (labgob.go)
//   - [Unmarshal]: for messages that stand alone, by decoders that are kept (unmarshal.go)
//   - [OnWarning], [Warnings]: what was noticed on the way (warn.go)
//   - [Copier]: for package labrpc (copier.go, pair.go)
//   - what is compiled for each type, for copying and for writing (compile.go, basic.go,
//     dynamic.go, size.go, encops.go), and writing (encode.go)
//   - the check of foreign bytes (vet.go, wire.go)
package labgob
