package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/suite"
)

// An interruption does not wait for what is being worked out about failures.
func TestTextsAfterAnInterruption(t *testing.T) {
	say := func(s string) func() []string { return func() []string { return []string{s} } }
	place := []suite.Place{{File: "raft/raft.go", Line: 7}}
	full := func(s string) func() ([]string, []suite.Place) {
		return func() ([]string, []suite.Place) { return []string{s}, place }
	}
	hold := make(chan struct{})
	defer close(hold)
	all := newTexts(3)
	all.tell(0, say("brief 0"), full("full 0"))
	all.waiting.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	all.tell(2, say("brief 2"), func() ([]string, []suite.Place) { <-hold; return []string{"full 2"}, place })
	cancel()
	texts, places := all.wait(ctx)
	assert.Equal(t, [][]string{{"full 0"}, nil, {"brief 2"}}, texts)
	assert.Equal(t, [][]suite.Place{place, nil, nil}, places)
	all = newTexts(1)
	all.tell(0, say("brief"), full("full"))
	texts, _ = all.wait(t.Context())
	assert.Equal(t, [][]string{{"full"}}, texts)
}
