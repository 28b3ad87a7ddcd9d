package view

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// A history is judged at the end of the run; its page opens at the answer that nothing explains.
func TestOpensAtTheWrongAnswer(t *testing.T) {
	client := func(kind record.Kind, who int, text string) record.Event {
		return record.Event{Kind: kind, Peer: record.FirstClient + who, Other: record.None, Method: "get", Text: text}
	}
	run := Run{Title: "3A/Made, seed 1", Rule: "not linearizable", Events: []record.Event{
		client(record.Invoke, 0, `"a"`), client(record.Invoke, 1, `"b"`), client(record.Return, 0, `"[1]"`), client(record.Return, 1, `""`),
		{Kind: record.Violation, Peer: record.None, Other: record.None, Text: "not linearizable: ..."}},
		History: &History{Result: "illegal", Key: "b", Call: 1}}
	e := encode(run)
	require.NotNil(t, e.Focus)
	assert.Equal(t, 3, *e.Focus)

	run.History = &History{Result: "ok", Call: -1}
	assert.Nil(t, encode(run).Focus, "it opens at the violation")
}
