package rsm

import (
	"errors"
	"fmt"

	"raftlab/kvapi"
)

// How a request to a replica may fail. The difference that matters to a client is whether its
// command may have been applied, or may still be: a write may be repeated without thought only if
// not.
//
//	error               applied?          what a client does
//	------------------  ----------------  --------------------------------------------------
//	ErrNotLeader        no, and never     tries another server
//	ErrTooManyRequests  no, and never     waits, and tries again
//	ErrExpired          not this time     opens a new session, if it knows that no earlier
//	                                      try was applied; see sessions.go
//	ErrUnknown          nobody knows      repeats it under the same number, or gives up certainty
//	ErrStale            yes, long ago     nothing: it has had its answer
//
// Reads change nothing, so after any of these they may be repeated.
var (
	// ErrNotLeader: this server does not lead, or it did and its entry was replaced in the log by
	// another; or a read could not be confirmed here.
	ErrNotLeader = errors.New("not the leader")

	// ErrTooManyRequests: the server has applied much less than is committed, or it leads and has
	// taken much that is not committed.
	ErrTooManyRequests = errors.New("too many requests: applying or committing is far behind")

	// ErrExpired: the client's session has been forgotten, or never existed.
	ErrExpired = errors.New("session expired")

	// ErrUnknown: leadership was lost, patience ran out or the server was killed while the
	// command was on its way. The next leader may commit it, or not.
	ErrUnknown = errors.New("outcome unknown")

	// ErrStale: a later command of the same session has been applied, so that the client cannot be
	// waiting for this one.
	ErrStale = errors.New("stale request: the session is further on")
)

// What servers tell clients of these, besides the errors of kvapi.
const (
	// Unknown: the write may have been applied, or may still be. A client has to treat this like no
	// answer at all; ErrWrongLeader in its place would tell it that nothing happened.
	Unknown kvapi.Err = "ErrUnknown"

	// Expired: the session is gone; this try has not been applied.
	Expired kvapi.Err = "ErrExpired"
)

// Answer is what a client is told of err, which is an error of this package or nil.
func Answer(err error) kvapi.Err {
	switch {
	case err == nil:
		return kvapi.OK
	case errors.Is(err, ErrNotLeader):
		return kvapi.ErrWrongLeader
	case errors.Is(err, ErrTooManyRequests):
		return kvapi.ErrTooManyRequests
	case errors.Is(err, ErrExpired):
		return Expired
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrStale):
		return Unknown // nobody waits for the answer to a stale request
	}
	panic(fmt.Sprintf("rsm: no answer for the error %q", err))
}
