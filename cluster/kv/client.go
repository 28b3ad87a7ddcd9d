package kv

import (
	"errors"
	"fmt"
	"time"

	"raftlab/cluster/replica"
	"raftlab/cluster/transport"
	"raftlab/kvapi"
)

// Client executes operations at whichever member answers. Its writes belong to a session, so that
// one which is repeated is executed once. It serves one goroutine at a time.
type Client struct {
	members []replica.Route
	at      int
	within  time.Duration
	session uint64
	seq     uint64
}

// NewClient returns a client of the members that routes lead to, which gives an operation up after
// within.
func NewClient(routes []replica.Route, first int, within time.Duration) *Client {
	return &Client{members: routes, at: first % len(routes), within: within}
}

// Failure is why an operation has no result.
type Failure struct {
	Unknown bool // it may have been executed, or may still be; otherwise it has not, and never will be
	Why     string
}

func (f *Failure) Error() string {
	if f.Unknown {
		return "the outcome is unknown: " + f.Why
	}
	return "not executed: " + f.Why
}

// Get reads a key: value and version, or kvapi.ErrNoKey in the result.
func (c *Client) Get(key string) (Result, error) { return c.do(Op{Kind: Get, Key: key}) }

// Put writes a key.
func (c *Client) Put(key, value string) (Result, error) {
	return c.write(Op{Kind: Put, Key: key, Value: value})
}

// Append writes behind what a key has.
func (c *Client) Append(key, value string) (Result, error) {
	return c.write(Op{Kind: Append, Key: key, Value: value})
}

// PutIf writes a key that has a certain version, 0 if it must not be there: or kvapi.ErrVersion or
// kvapi.ErrNoKey in the result.
func (c *Client) PutIf(key, value string, version kvapi.Version) (Result, error) {
	return c.write(Op{Kind: PutIf, Key: key, Value: value, Version: version})
}

func (c *Client) write(op Op) (Result, error) {
	if err := c.open(); err != nil {
		return Result{}, err
	}
	c.seq++
	op.Session, op.Seq = c.session, c.seq
	r, err := c.do(op)
	if err != nil {
		c.session = 0 // the next write must not be taken for a repetition of this one, nor make it stale
	}
	return r, err
}

// open begins a session, unless there is one.
func (c *Client) open() error {
	if c.session != 0 {
		return nil
	}
	r, err := c.do(Op{Kind: Open})
	if err != nil {
		return &Failure{Why: "no session could be opened: " + err.Error()}
	}
	c.session, c.seq = r.Session, 0
	return nil
}

// Next is what the log will have of the next [Client.Put], if that writes these: for somebody who
// wants to follow it.
func (c *Client) Next(key, value string) ([]byte, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	return Op{Kind: Put, Key: key, Value: value, Session: c.session, Seq: c.seq + 1}.encode(), nil
}

// do asks one member after another. Everything that it sends can be sent twice.
func (c *Client) do(op Op) (Result, error) {
	deadline := time.Now().Add(c.within)
	unsure, why := false, "no member was asked"
	for tries := 0; ; tries++ {
		var r Result
		outcome, err := c.members[c.at].Ask("KV.Do", &op, &r)
		switch {
		case outcome == transport.NotSent:
			why = err.Error()
		case outcome == transport.Unknown:
			unsure, why = true, err.Error()
		case r.Err == ErrUnknown:
			unsure, why = true, fmt.Sprintf("member %d lost sight of it", c.at)
		case r.Err == kvapi.ErrWrongLeader:
			why = fmt.Sprintf("member %d found no leader", c.at)
		case r.Err == ErrExpired || r.Err == ErrStale:
			return r, &Failure{Unknown: unsure, Why: "the session has been forgotten"}
		case r.Err == ErrTooLarge:
			return r, &Failure{Why: fmt.Sprintf("keys have %d bytes at most, values %d", MaxKey, MaxValue)}
		default:
			return r, nil
		}
		if time.Now().After(deadline) {
			return r, &Failure{Unknown: unsure && op.Kind != Get, Why: why}
		}
		c.at = (c.at + 1) % len(c.members)
		if (tries+1)%len(c.members) == 0 {
			time.Sleep(roundPause)
		}
	}
}

// IsUnknown says whether an operation that failed with err may have been executed.
func IsUnknown(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Unknown
}

// roundPause is the pause after all members have been asked.
const roundPause = 30 * time.Millisecond
