package watch

import (
	"raftlab/internal/plain"
	"raftlab/labrpc"
)

// messageDetail renders the arguments or the reply of a message for the trace.
func messageDetail(m *labrpc.Message) string {
	const most = 600
	switch m.Kind {
	case labrpc.Sent, labrpc.Delivered:
		return plain.Value(m.Args, most)
	case labrpc.Handled, labrpc.Replied:
		return plain.Value(m.Reply, most)
	}
	return ""
}
