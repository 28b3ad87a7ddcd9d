package labrpc

import (
	"path"
	"reflect"
	"runtime"
	"strings"
)

// Place is a place in the code that sends requests and answers them.
type Place struct {
	File     string // as the compiler calls it: "raftlab/raft/raft.go"
	Line     int
	Function string // "(*Raft).RequestVote"
}

// mostFrames is how many calls are told that led to one of [ClientEnd.Call].
const mostFrames = 4

// Places says where in the code a message comes from. Of a request that is sent it is where Call was
// called, and from where that function was, the innermost first; of one that is delivered or handled it
// is where its handler begins. Nothing is known of others. It costs some microseconds, and may be called
// by an observer only, during its call.
func (m *Message) Places() []Place {
	switch {
	case m.call == nil:
	case m.Kind == Sent:
		return callers()
	case m.Kind == Delivered || m.Kind == Handled:
		if p, ok := m.call.handler(); ok {
			return []Place{p}
		}
	}
	return nil
}

// handler is where the handler of a call begins, as far as the compiler tells: a method that comes by way
// of an embedded struct has no place of its own.
func (c *call) handler() (p Place, ok bool) {
	if c.server == nil {
		return p, false
	}
	m, err := c.server.find(c.method)
	if err != nil {
		return p, false
	}
	f := runtime.FuncForPC(m.of.Method(m.index).Func.Pointer())
	if f == nil {
		return p, false
	}
	file, line := f.FileLine(f.Entry())
	return Place{file, line, short(f.Name())}, strings.HasSuffix(file, ".go")
}

// theCall is the name of [ClientEnd.Call] in stacks.
var theCall = ownPrefix + "(*" + reflect.TypeFor[ClientEnd]().Name() + ").Call"

// callers are the frames outside of Call, on whose goroutine the observer is called.
func callers() (places []Place) {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for inside := true; len(places) < mostFrames; {
		f, more := frames.Next()
		switch {
		case inside:
			inside = f.Function != theCall
		case f.Function != "runtime.goexit":
			places = append(places, Place{f.File, f.Line, short(f.Function)})
		}
		if !more {
			break
		}
	}
	return places
}

// short is a function's name without its package.
func short(name string) string {
	name = path.Base(name)
	_, name, _ = strings.Cut(name, ".")
	return name
}
