// Package kvraft is a key/value service on Raft.
package kvraft
