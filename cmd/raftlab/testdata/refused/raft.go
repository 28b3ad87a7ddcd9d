// Package raft uses what code under test may not use.
package raft

import "unsafe"

type Raft struct{ p unsafe.Pointer }
