package labrpc

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
)

// Mistake is an error in the code that uses the network, as opposed to a message that got lost:
// unknown service or method, a type that cannot be sent, a reply that is no pointer.
type Mistake struct {
	Method string // what was called: "Raft.RequestVote"
	Caller string // where: "raft/raft.go:123"
	What   string // what is wrong, and what to do
}

func (m *Mistake) Error() string {
	return fmt.Sprintf("labrpc: %s: Call(%q): %s", m.Caller, m.Method, m.What)
}

// OnMistake installs f, which hears of every [Mistake], on the goroutine that made the call, before
// Call returns false. Without it each mistake is printed to stderr once.
func (rn *Network) OnMistake(f func(error)) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.mistake = f
}

// blame reports a mistake. It is called on the goroutine of Call, without the lock, so that the
// stack says who it was.
func (rn *Network) blame(svcMeth string, err error) {
	what := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "labgob: "), "gob: ")
	if _, name, ok := strings.Cut(what, "type not registered for interface: "); ok {
		what += fmt.Sprintf(": call labgob.Register(%s{}) at the start", name)
	}
	m := &Mistake{Method: svcMeth, Caller: caller(), What: what}
	rn.mu.Lock()
	f, text := rn.mistake, m.Error()
	told := rn.told[text]
	rn.told[text] = true
	rn.mu.Unlock()
	if f != nil {
		f(m)
	} else if !told {
		fmt.Fprintln(os.Stderr, text)
	}
}

var ownPrefix = reflect.TypeFor[Network]().PkgPath() + "."

// place is a file as the code under test knows it, with a line.
func place[N any](file string, line N) string {
	return fmt.Sprintf("%s/%s:%v", path.Base(path.Dir(file)), path.Base(file), line)
}

// creator returns the place of the go statement that a goroutine begins with: the line after
// "created by" in its stack. (A regular expression would bring a twelfth of all machine code along.)
func creator(stack string) string {
	_, by, _ := strings.Cut("\n"+stack, "\ncreated by ")
	_, where, _ := strings.Cut(by, "\n\t")
	where, _, _ = strings.Cut(where, "\n")
	where, _, _ = strings.Cut(where, " +0x") // how far into the function
	if at := strings.LastIndexByte(where, ':'); strings.HasSuffix(where[:max(0, at)], ".go") {
		return place(where[:at], where[at+1:])
	}
	return "unknown"
}

// caller returns the place of the innermost frame outside this package.
func caller() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.goexit": // go end.Call(...): nobody has called it
			return creator(string(debug.Stack()))
		case !strings.HasPrefix(f.Function, ownPrefix) && f.Function != "runtime.Goexit":
			return place(f.File, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
