// Package history records what clients of a key/value service ask and are told, in a run of package
// tester, and has the record judged.
//
//	case                Recorder                        service
//	  |  Append(k, v)       |                              |
//	  |-------------------> |  invoke, in the trace too    |
//	  |                     |--------- clerk ------------> |
//	  |                     | <----------------------------|
//	  |                     |  return                      |
//	  | <-------------------|                              |
//	  |  Check: linearizable, or the run ends with a drawing of the history
//
// The clerks that [Recorder.Classic] and [Recorder.Versioned] return are clerks themselves. An operation
// that does not return, because its client died or the case ended, stays open.
package history

import (
	"fmt"
	"os"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Recorder records one history. Its methods are safe for concurrent use, except Check.
type Recorder struct {
	env *tester.Env
	log log
}

// New returns a recorder of an empty history.
func New(e *tester.Env) *Recorder { return &Recorder{env: e} }

// Len returns how many operations have begun.
func (r *Recorder) Len() int { return r.log.len() }

// Ops returns what has been recorded so far.
func (r *Recorder) Ops() []model.Op {
	ops, _ := r.log.copies()
	return ops
}

// Fault records, for the drawing, that something is wrong with the service from now on. The function
// that it returns records the end.
func (r *Recorder) Fault(what string) (end func()) {
	handle := r.log.begin(what)
	return func() { r.log.end(handle) }
}

// do records one operation of a client: call is the clerk's part of it.
func (r *Recorder) do(cl *tester.Client, op model.Op, call func(*model.Op)) {
	op.Client = cl.Number()
	traced := cl.Invoke(string(op.Kind), op.Question())
	handle := r.log.call(op, r.env.Now())
	cl.Call(func() { call(&op) })
	r.log.answer(handle, r.env.Now(), op)
	traced.Return(op.Answer())
}

// Classic returns a clerk that records what goes through clerk, which belongs to client cl.
func (r *Recorder) Classic(cl *tester.Client, clerk kvapi.ClassicClerk) kvapi.ClassicClerk {
	return classicClerk{r, cl, clerk}
}

type classicClerk struct {
	r     *Recorder
	cl    *tester.Client
	clerk kvapi.ClassicClerk
}

func (c classicClerk) Get(key string) (value string) {
	c.r.do(c.cl, model.Op{Dialect: model.Classic, Kind: model.Get, Key: key}, func(o *model.Op) {
		value = c.clerk.Get(key)
		o.Err, o.Got = kvapi.OK, value
	})
	return value
}

func (c classicClerk) Put(key, value string) {
	c.r.do(c.cl, model.Op{Dialect: model.Classic, Kind: model.Put, Key: key, Value: value}, func(o *model.Op) {
		c.clerk.Put(key, value)
		o.Err = kvapi.OK
	})
}

func (c classicClerk) Append(key, value string) {
	c.r.do(c.cl, model.Op{Dialect: model.Classic, Kind: model.Append, Key: key, Value: value}, func(o *model.Op) {
		c.clerk.Append(key, value)
		o.Err = kvapi.OK
	})
}

// Versioned returns a clerk that records what goes through clerk, which belongs to client cl.
func (r *Recorder) Versioned(cl *tester.Client, clerk kvapi.VersionedClerk) kvapi.VersionedClerk {
	return versionedClerk{r, cl, clerk}
}

type versionedClerk struct {
	r     *Recorder
	cl    *tester.Client
	clerk kvapi.VersionedClerk
}

func (c versionedClerk) Get(key string) (value string, version kvapi.Version, err kvapi.Err) {
	c.r.do(c.cl, model.Op{Dialect: model.Versioned, Kind: model.Get, Key: key}, func(o *model.Op) {
		value, version, err = c.clerk.Get(key)
		o.Got, o.GotVersion, o.Err = value, version, err
	})
	return value, version, err
}

func (c versionedClerk) Put(key, value string, version kvapi.Version) (err kvapi.Err) {
	c.r.do(c.cl, model.Op{Dialect: model.Versioned, Kind: model.Put, Key: key, Value: value, Version: version}, func(o *model.Op) {
		err = c.clerk.Put(key, value, version)
		o.Err = err
	})
	return err
}

// Check judges the history. One that is not linearizable ends the run as a failure, after its drawing has
// been written where there is a file system to write it to; one that the checker cannot judge within
// budget steps (0: model.Budget) ends it as inconclusive. It is for the case's main goroutine, and
// takes no virtual time.
func (r *Recorder) Check(budget int) {
	ops := r.Ops()
	v := model.Check(ops, budget)
	switch v.Result {
	case model.OK:
		r.env.Note("the history of %d operations is linearizable: %d steps", len(ops), v.Steps)
	case model.Unknown:
		r.env.Inconclusive("the checker gave up on key %q after %d steps: it cannot say whether these %d operations are linearizable", v.Key, v.Steps, len(ops))
	default:
		message := "key " + v.Key + ": " + v.Why
		if file, err := r.draw(); err == nil {
			message += "\ndrawing: " + file
		}
		r.env.Fail(tester.Violation{Rule: tester.RuleLinearizability, Section: "§8", Message: message})
	}
}

// draw writes the drawing to a new file among the temporary ones, and returns its name. In the engine
// there is no file system; there the drawing is made from the trace.
func (r *Recorder) draw() (string, error) {
	ops, faults := r.log.copies()
	f, err := os.CreateTemp("", "raftlab-history-*.html")
	if err != nil {
		return "", err
	}
	err = model.Draw(f, ops, faults)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("drawing the history into %s: %w", f.Name(), err)
	}
	return f.Name(), nil
}
