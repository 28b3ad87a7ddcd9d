package sim

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// This file makes a guest's Go runtime quicker. WebAssembly as Go uses it has one thread, so much of
// what the runtime does for the sake of others is for nobody here. A call of a function costs far more
// than natively: its arguments, its results and where it returns to go through memory. None of this
// changes what a run does.

// atomicsGroup makes atomic operations what they are on one thread: ordinary ones, in place. Go calls
// a function for each, and for those of sync/atomic two.
var atomicsGroup = runtimeGroup{
	name:    "atomics",
	without: "runs take longer: each atomic operation is a call",
	only:    wasmEngine,
	rewrite: map[string]func([]byte) ([]byte, error){
		"internal/runtime/atomic/atomic_wasm.go": inlined,
		"sync/atomic/doc.go":                     withBodies,
		"sync/atomic/doc_64.go":                  withBodies,
		"sync/atomic/asm.s":                      emptied,
	},
}

// ofPointers is an atomic operation that stays a function: it writes a pointer, and in place the compiler
// would tell the garbage collector of it.
var ofPointers = regexp.MustCompile(`//go:noinline\nfunc \w+\(.*(?:old|new|val) unsafe\.Pointer`)

// inlined lets the compiler put the functions of a file in their callers.
func inlined(text []byte) ([]byte, error) {
	const not = "//go:noinline\n"
	if !bytes.Contains(text, []byte(not)) {
		return nil, errors.New("the atomic operations of WebAssembly are not written as they used to be")
	}
	const stays = "//raftlab\n"
	text = ofPointers.ReplaceAllFunc(text, func(found []byte) []byte { return append([]byte(stays), bytes.TrimPrefix(found, []byte(not))...) })
	text = bytes.ReplaceAll(text, []byte(not), nil)
	return bytes.ReplaceAll(text, []byte(stays), []byte(not)), nil
}

// emptied leaves nothing of an assembler file: what it holds has bodies elsewhere.
func emptied([]byte) ([]byte, error) { return []byte("// raftlab: see doc.go\n"), nil }

// declared is a function of sync/atomic that is written in assembler: its line, name and operation.
var declared = regexp.MustCompile(`(?m)^(?://go:noescape\n)?(func ((Swap|CompareAndSwap|Add|And|Or|Load|Store)(?:U?[Ii]nt(?:32|64|ptr)|Pointer))\(addr .*)$`)

// atomicBodies are what the operations do on one thread.
var atomicBodies = map[string]string{
	"Swap":           "old = *addr; *addr = new; return old",
	"CompareAndSwap": "if *addr != old { return false }; *addr = new; return true",
	"Add":            "*addr += delta; return *addr",
	"And":            "old = *addr; *addr &= mask; return old",
	"Or":             "old = *addr; *addr |= mask; return old",
	"Load":           "return *addr",
	"Store":          "*addr = val",
}

// ofRuntime are the functions of package runtime, which write pointers.
var ofRuntime = regexp.MustCompile(`^func (Swap|CompareAndSwap|Store)Pointer`)

// withBodies writes the functions of sync/atomic in Go.
func withBodies(text []byte) ([]byte, error) {
	if !declared.Match(text) {
		return nil, errors.New("the functions of sync/atomic are not declared as they used to be")
	}
	return declared.ReplaceAllFunc(text, func(found []byte) []byte {
		parts := declared.FindSubmatch(found)
		if ofRuntime.Match(parts[1]) {
			return found
		}
		body := fmt.Appendf(nil, "%s { %s }", parts[1], atomicBodies[string(parts[3])])
		if bytes.HasSuffix(parts[2], []byte("Uintptr")) { // called by package runtime
			return append([]byte("//go:linkname "+string(parts[2])+"\n"), body...)
		}
		return body
	}), nil
}

// oneThreadGroup leaves out what wakes other threads and steals their work.
var oneThreadGroup = runtimeGroup{
	name:    "one thread",
	without: "runs take longer: the Go runtime looks for threads that there are not",
	only:    wasmEngine,
	edits: []runtimeEdit{
		{"runtime/proc.go", "func wakep() {\n", "func wakep() {\n\tif true {\n\t\treturn\n\t}\n"},
		{"runtime/proc.go", "\tif mp.spinning || 2*sched.nmspinning.Load() < gomaxprocs-sched.npidle.Load() {\n",
			"\tif mp.spinning {\n"},
		{"runtime/lock_wasip1.go", "\tif l.key == mutex_locked {\n\t\t// wasm is single-threaded so we should never\n\t\t// observe this.\n\t\tthrow(\"self deadlock\")\n\t}\n\tgp := getg()\n\tif gp.m.locks < 0 {\n\t\tthrow(\"lock count\")\n\t}\n\tgp.m.locks++\n",
			"\tgetg().m.locks++\n"},
		{"runtime/lock_wasip1.go", "\tif l.key == mutex_unlocked {\n\t\tthrow(\"unlock of unlocked lock\")\n\t}\n\tgp := getg()\n\tgp.m.locks--\n\tif gp.m.locks < 0 {\n\t\tthrow(\"lock count\")\n\t}\n",
			"\tgetg().m.locks--\n"},
	},
}

// clockGroup has the guest read the time where the host has put it (clock.go): time stands still
// while the guest computes, and the runtime asks for it whenever a goroutine has its turn.
var clockGroup = runtimeGroup{
	name:    "clock",
	without: "runs take longer: each reading of the clock is a call of the host",
	only:    wasmEngine,
	source:  "clock",
	edits: []runtimeEdit{
		{"runtime/os_wasip1.go", "func nanotime1() int64 {\n", "func nanotime1() int64 {\n\tif raftlabClock.left > 0 {\n\t\traftlabClock.left--\n\t\treturn raftlabClock.now\n\t}\n\traftlabClockAt()\n"},
	},
}
