// Package raft does not compile.
package raft

func Make() { undefinedFunction() }
