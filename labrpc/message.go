package labrpc

// Kind says what happened to a message. The words are those of the trace (docs/trace.md).
type Kind string

// What can happen to a message. A call that goes well is Sent, Delivered, Handled, Replied.
const (
	Sent      Kind = "sent"      // Call was called
	Delivered Kind = "delivered" // the request has reached the handler, which is called next
	Handled   Kind = "handled"   // the handler has returned
	Dropped   Kind = "dropped"   // the request or the reply is lost, Why says how
	Replied   Kind = "replied"   // the reply has reached the caller
)

// None is the peer number of an end that was made without an owner, by [Network.MakeEnd].
const None = -1

// Message is one thing that happened to a message, as told to the observer of a network
// ([Network.Observe]). It is valid only during the observer's call.
type Message struct {
	Kind     Kind
	From, To int    // the peer that called and the one it called, or None
	N        uint64 // the number of the call on the edge From -> To, from 1
	Method   string // "Raft.AppendEntries"

	// Args (of Sent and Delivered) and Reply (of Handled and Replied) point to the network's own
	// decoded copies, never to the memory of the code under test, so that looking at them is no
	// data race. They belong to the code under test as soon as the observer returns. Both may be
	// nil where there was nothing to decode.
	Args, Reply any

	Why       string // of Dropped: "request lost", "link cut", ...
	Duplicate bool   // this concerns the second copy of a duplicated request
	End       any    // the name of the client end
	Bytes     int    // size of Args or Reply on the wire, see labgob.Copier

	call *call
}
