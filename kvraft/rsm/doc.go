// Package rsm is a replicated state machine on Raft.
package rsm
