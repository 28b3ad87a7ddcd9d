package raft

import "testing"

// In the course this file makes networks.
type config struct{ t *testing.T }

func make_config(t *testing.T) *config { return &config{t} }

const tick = 10

const SnapShotInterval = 5

func showAll() {}

func half(n int) int { return n / 2 }
