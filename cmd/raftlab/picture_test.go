package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/suite"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// A history that is not linearizable is drawn with what was done to the service beside it; the page
// stands where the replay command can be read as well.
func TestABadHistoryIsDrawnWithItsFaults(t *testing.T) {
	at := time.Duration(0)
	event := func(kind record.Kind, peer int, method, text string) record.Event {
		at += time.Millisecond
		return record.Event{Kind: kind, Time: at, Peer: peer, Method: method, Text: text}
	}
	write := model.Op{Dialect: model.Classic, Kind: model.Put, Key: "x", Value: "[1]", Err: "OK"}
	read := model.Op{Dialect: model.Classic, Kind: model.Get, Key: "x", Got: "[old]", Err: "OK"}
	ask := func(op model.Op, client int) record.Event {
		return event(record.Invoke, client, string(op.Kind), op.Question())
	}
	tell := func(op model.Op, client int) record.Event {
		return event(record.Return, client, string(op.Kind), op.Answer())
	}
	events := []record.Event{
		ask(write, record.FirstClient), tell(write, record.FirstClient),
		event(record.Note, record.None, "", model.FaultBegins+"leader alone"),
		event(record.CrashPeer, 2, "", ""),
		ask(read, record.FirstClient+1), tell(read, record.FirstClient+1),
		event(record.Note, record.None, "", model.FaultEnds+"leader alone"),
	}
	dir := t.TempDir()
	state, err := suite.OpenState(dir)
	require.NoError(t, err)
	a := &app{}
	c := suite.Case{Case: tester.Case{Part: "3C", Name: "DeposedLeader"}}

	path := a.drawHistory(state, c, 7, string(tester.RuleLinearizability), events)
	assert.Equal(t, "3C-DeposedLeader-7.html", filepath.Base(path))
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, text := range []string{"leader alone", "server 2 down", "[old]"} {
		assert.Contains(t, string(page), text)
	}

	assert.Empty(t, a.drawHistory(state, c, 7, string(tester.RuleNoProgress), events), "there is nothing wrong with the history")
	assert.Empty(t, a.drawHistory(state, c, 7, string(tester.RuleLinearizability), events[:0]), "nothing is known of it")
}
