package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An interruption does not wait for what is being worked out about failures.
func TestTextsAfterAnInterruption(t *testing.T) {
	say := func(s string) func() []string { return func() []string { return []string{s} } }
	hold := make(chan struct{})
	defer close(hold)
	all := newTexts(3)
	all.tell(0, say("brief 0"), say("full 0"))
	all.waiting.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	all.tell(2, say("brief 2"), func() []string { <-hold; return []string{"full 2"} })
	cancel()
	assert.Equal(t, [][]string{{"full 0"}, nil, {"brief 2"}}, all.wait(ctx))
	all = newTexts(1)
	all.tell(0, say("brief"), say("full"))
	assert.Equal(t, [][]string{{"full"}}, all.wait(t.Context()))
}
