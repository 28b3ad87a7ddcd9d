// Package kvsrv is the reference for lab 1: a key/value server on one machine, the clerk that its
// clients use, and in package kvsrv/lock a lock that needs nothing but the clerk.
//
//	client        client        client
//	  lock          lock                     kvsrv/lock: one key for each lock
//	  clerk         clerk         clerk      asks again until there is an answer
//	     \            |            /
//	      \           |           /          labrpc: requests and answers may be lost
//	       +----- KVServer ------+           a map, a mutex; nothing about clients
//
// # Why there are versions
//
// A clerk without an answer does not know whether its request or the answer to it was lost, so it
// asks again, and the server may see a request twice. A Get twice is harmless. A Put names the
// version that it replaces, so that the second one is refused:
//
//	clerk                               server           the key's version
//	  |-- Put "x" "a" if 3 ----------->| written          3 -> 4
//	  |            X<------- OK -------|
//	  |-- Put "x" "a" if 3 ----------->| refused          4
//	  |<-- ErrVersion -----------------|
//	  v
//	ErrMaybe: either the first try did it, or somebody else was faster
//
// The server remembers nothing for this, however many clients there are. The price is
// [kvapi.ErrMaybe]: a caller that has to know looks at the value. How that is done well is shown by
// the lock.
//
// # Contents
//
//	server.go      the server
//	clerk.go       the clerk
//	service.go     the entrance for lab 1
//	situations.go  what the cases want to have happened
package kvsrv
