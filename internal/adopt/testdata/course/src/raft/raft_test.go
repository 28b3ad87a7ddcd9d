package raft

import "testing"

func TestInitialElection2A(t *testing.T) {}
func TestFollowerFailure2B(t *testing.T) {}
func TestSnapshotBasic2D(t *testing.T)   {}
func TestSnapshotInit2D(t *testing.T)    {}
