// Package transport carries the calls of peers between processes: labrpc.ClientEnd and
// labrpc.Server over TCP.
//
//	peer --Call--> labrpc.ClientEnd --> [Link] ==TCP==> [Node] --> labrpc.Server --> handler
//
// Each member listens at one address, and has up to four connections to each other member:
//
//   - calls: short messages. The answer has to come within [Options.CallTimeout], or the connection
//     is dropped, for what is stuck in it would only arrive too late.
//   - bulk: messages of 64 KiB and more, which are long appends. A heartbeat does not wait behind
//     them.
//   - files: one file, which a snapshot stands for (files.go).
//   - service: requests that a server passes on to the leader. They may take as long as an
//     operation does.
//
// Clients open connections of the last kind.
//
// # On the wire
//
//	frame    length, 4 bytes | CRC-32C of the rest, 4 bytes | message
//	message  kind | id | method or error | labgob bytes
//
// The first message says who speaks to whom: protocol, cluster, members, implementation. A node
// that is meant to be somebody else refuses, and both sides say so in their logs: two clusters that
// were given each other's addresses must not merge, and peers of two implementations cannot read
// each other's logs.
//
// # Limits
//
// A link has a number of calls under way at most; the next ones wait, and fail without having been
// sent. A node runs a number of handlers per connection at most, and reads nothing until one
// returns, so that TCP holds the sender back. A connection that fails is made anew, with pauses
// that double up to a second.
//
//   - link.go: [Link], the calling side; node.go: [Node], the other one; files.go: [Node.Fetch]
//   - greeting.go: who speaks to whom; wire.go: frames; faults.go: cuts and delays, for tests
package transport
