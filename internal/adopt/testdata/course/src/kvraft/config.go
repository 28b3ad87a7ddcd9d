package kvraft

import "testing"

type config struct{ t *testing.T }
