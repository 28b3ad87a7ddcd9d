// Package history puts what clients of a key/value service ask and are told into the trace of a
// run, and has the trace judged.
//
//	case                  clerk of this package         clerk of the service
//	  |  Append(k, v)        |                              |
//	  |--------------------> |  invoke: into the trace      |
//	  |                      |----------------------------> |
//	  |                      | <----------------------------|
//	  |                      |  return: into the trace      |
//	  | <--------------------|                              |
//	  |
//	  |  Judge: the operations are read out of the trace (model.FromTrace); they are linearizable,
//	  |         or the run ends with a drawing of them, faults and all
//
// The trace is the only record, so that the same drawing can be made later, by somebody who has
// nothing but the trace. An operation that does not return, because its client died or the case
// ended, stays open. Calls and returns are ordered as they are in the trace, not by virtual time:
// many things happen at one instant of it.
package history

import (
	"fmt"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Do traces one operation of a client: call is the clerk's part of it, which notes the answer. It
// says whether the answer takes a request, or agreement, so that a pass is earned.
func Do(cl *tester.Client, op *model.Op, call func(*model.Op)) {
	traced := cl.Invoke(string(op.Kind), op.Question())
	cl.Call(func() { call(op) })
	what := fmt.Sprintf("%s %s of client %d", op.Kind, op.Question(), cl.Number())
	if op.OnlyServersKnow() {
		traced.Asked(what)
	}
	if op.Kind != model.Get && op.Err == kvapi.OK {
		traced.Wrote(what)
	}
	traced.Return(op.Answer())
}

// Classic returns a clerk that traces what goes through clerk, which belongs to client cl.
func Classic(cl *tester.Client, clerk kvapi.ClassicClerk) kvapi.ClassicClerk {
	return classicClerk{cl, clerk}
}

type classicClerk struct {
	cl    *tester.Client
	clerk kvapi.ClassicClerk
}

func (c classicClerk) Get(key string) (value string) {
	Do(c.cl, &model.Op{Dialect: model.Classic, Kind: model.Get, Key: key}, func(o *model.Op) {
		value = c.clerk.Get(key)
		o.Err, o.Got = kvapi.OK, value
	})
	return value
}

func (c classicClerk) Put(key, value string) {
	Do(c.cl, &model.Op{Dialect: model.Classic, Kind: model.Put, Key: key, Value: value}, func(o *model.Op) {
		c.clerk.Put(key, value)
		o.Err = kvapi.OK
	})
}

func (c classicClerk) Append(key, value string) {
	Do(c.cl, &model.Op{Dialect: model.Classic, Kind: model.Append, Key: key, Value: value}, func(o *model.Op) {
		c.clerk.Append(key, value)
		o.Err = kvapi.OK
	})
}

// Versioned returns a clerk that traces what goes through clerk, which belongs to client cl.
func Versioned(cl *tester.Client, clerk kvapi.VersionedClerk) kvapi.VersionedClerk {
	return versionedClerk{cl, clerk}
}

type versionedClerk struct {
	cl    *tester.Client
	clerk kvapi.VersionedClerk
}

func (c versionedClerk) Get(key string) (value string, version kvapi.Version, err kvapi.Err) {
	Do(c.cl, &model.Op{Dialect: model.Versioned, Kind: model.Get, Key: key}, func(o *model.Op) {
		value, version, err = c.clerk.Get(key)
		o.Got, o.GotVersion, o.Err = value, version, err
	})
	return value, version, err
}

func (c versionedClerk) Put(key, value string, version kvapi.Version) (err kvapi.Err) {
	Do(c.cl, &model.Op{Dialect: model.Versioned, Kind: model.Put, Key: key, Value: value, Version: version}, func(o *model.Op) {
		err = c.clerk.Put(key, value, version)
		o.Err = err
	})
	return err
}

// Read returns the operations of the run so far, and what happened to the service meanwhile.
func Read(e *tester.Env) (ops []model.Op, faults []model.Fault) {
	ops, faults, err := model.FromTrace(e.Story())
	if err != nil {
		panic(fmt.Sprintf("history: the run's own trace cannot be read: %v", err))
	}
	return ops, faults
}

// Judge judges the run so far. A history that is not linearizable ends the run as a failure, after
// its drawing has been written where there is a file system to write it to; one that the checker
// cannot judge within budget steps (0: model.Budget) ends it as inconclusive. Judge is for the
// case's main goroutine, and takes no virtual time.
func Judge(e *tester.Env, budget int) {
	ops, faults := Read(e)
	v := model.Check(ops, budget)
	switch v.Result {
	case model.OK:
		e.Judged(len(ops))
		e.Note("%d operations, %s: linearizable, %d steps", len(ops), openOnes(ops), v.Steps)
	case model.Unknown:
		e.Inconclusive("the checker gave up on key %q after %d steps: it cannot say whether these %d operations (%s) are linearizable",
			v.Key, v.Steps, len(ops), openOnes(ops))
	default:
		message := fmt.Sprintf("key %q: %s", v.Key, v.Why)
		if file, err := drawing(ops, faults); err == nil {
			message += "\ndrawing: " + file
		}
		e.Fail(tester.Violation{Rule: tester.RuleLinearizability, Message: message})
	}
}

// openOnes counts the operations whose outcome nobody knows.
func openOnes(ops []model.Op) string {
	n := 0
	for _, op := range ops {
		if op.Unknown() && op.Kind != model.Get {
			n++
		}
	}
	return fmt.Sprintf("%d of unknown outcome", n)
}
