package watch

import (
	"fmt"
	"strings"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/labrpc"
)

// messageDetail renders the arguments or the reply of a message for the trace, with the place in the
// code that it comes from.
func messageDetail(m *labrpc.Message) string {
	const most = 600
	detail := ""
	switch m.Kind {
	case labrpc.Sent, labrpc.Delivered:
		detail = plain.Value(m.Args, most)
	case labrpc.Handled, labrpc.Replied:
		detail = plain.Value(m.Reply, most)
	}
	return record.Detailed(detail, where(m))
}

// where is the place of a message in the code under test.
func where(m *labrpc.Message) string {
	var all []string
	for _, p := range m.Places() {
		all = append(all, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Function))
	}
	return strings.Join(all, "; ")
}
