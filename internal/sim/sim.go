package sim

import (
	"time"

	"raftlab/internal/record"
	"raftlab/internal/vet"
)

// Build says what to compile. Nothing in the trees it names is touched: everything that differs
// from the framework's tree goes to the compiler through one -overlay file.
type Build struct {
	// Framework is the root of the checkout, the directory with the go.mod of module raftlab.
	Framework string
	// Package is the package whose test binary is built, relative to Framework: "./raft".
	Package string
	// Impl names the directories with the code under test, by the framework's package that they
	// replace: "raft" -> a course tree, or a directory with `package raft` (and subpackages).
	// Test files on either side are left out, but for the framework's own lab_test.go.
	// A nil Impl means the framework's own package.
	Impl map[string]string
	// Edits replaces single files, by their path relative to Framework, after Impl. It may add
	// files. Mutants and variants are such edits.
	Edits map[string][]byte
	// Private says that Framework's own packages are a student's (a course tree). The packages
	// under test are read by package vet and rewritten in any case; the field only goes into
	// messages.
	Private bool
	// NoOrder leaves out the edits of the Go runtime that vary the order of goroutines by seed. It
	// is for measuring what they add.
	NoOrder bool
	// NoYield leaves the code under test uninterrupted, whatever the seed (package yield). It is
	// for measuring, too.
	NoYield bool
	// Native compiles for this machine instead of the wasm engine. The runs are the same, but
	// nothing keeps the code under test from the user's files: it is for code that the user trusts.
	Native bool
	// Race adds the race detector, which only Native has.
	Race bool
	// Blocks has the code under test note which of its blocks run: see [Binary] and record.Verdict.
	Blocks bool
	// Debug leaves out optimizations, for a debugger. Only Native has it.
	Debug bool
}

// Binary is a compiled test binary, ready to run any number of times.
type Binary struct {
	Path      string     // of the WebAssembly module, or of the program
	ID        string     // hash of its content; two binaries with one ID run alike
	GoVersion string     // "go1.26.8"
	Overlay   string     // version of the edits of the Go runtime, of both engines: a hash
	Notes     []string   // what the reader of a result should know about the build
	Warnings  []string   `json:"-"` // what a person should look at in the code under test: variables that change
	Variables []Variable // those variables
	Cached    bool       // it was built earlier
	UnderTest []string   // directories of the framework with the code under test: "raft"
	Native    bool       // it is a program of this machine
	Source    string     // hash of what was compiled; equal for both engines, unlike ID
	Blocks    []Block    // of the code under test, by number, if the build asked for them
	Outside   []string   // where the code under test looks at the machine: "raft/raft.go:12 uses os.ReadFile"
}

// Variable is a package variable of the code under test that changes after initialization.
type Variable struct {
	Name string // "raft.votes"
	File string // relative to the framework: "raft/raft.go"
	Line int
	Kept bool // each server has its own
}

// Refusal is one place in the code under test that uses what it may not use.
type Refusal = vet.Refusal

// RefusedError says that the code under test was not compiled: its outcome is
// [record.Tampering].
type RefusedError struct{ Refusals []Refusal }

// CompileError holds what the Go compiler said about the code under test.
type CompileError struct{ Output string }

func (e *CompileError) Error() string { return "the code under test does not compile:\n" + e.Output }

// Job is one run: one case under one seed.
type Job struct {
	Binary *Binary
	Test   string        // the test function: "TestLab2"
	Params record.Params // Secret is made by the engine
	Env    []string      // K=V, for the code under test
	// MemoryLimit is how many bytes of memory the guest may have. 0 means 1 GiB.
	MemoryLimit int64
	Trace       string // file for all events, if not empty
	Output      string // file for the guest's output, each line with its virtual time, if not empty
	// LoadOnly asks for the machine code only.
	LoadOnly bool
	// Compile asks for a build, and for nothing else.
	Compile *compileJob
	// CPU is the processor time after which the run is ended as ungraded. 0 means [DefaultCPU].
	CPU time.Duration
	// Wall is the wall-clock time after which it is, in case it does not even get processor time. 0
	// means 15 minutes, or ten times CPU where that is more.
	Wall time.Duration
}

// Result is how a run ended.
type Result struct {
	Verdict record.Verdict
	// Hash identifies the run: of all its events and of the verdict's outcome, rule, message, time.
	Hash    string
	Virtual time.Duration // how far the guest's clock moved
	CPU     time.Duration // processor time, of the host
	Wall    time.Duration
	GCs     int    // garbage collections in the guest
	Idle    uint64 // how often the guest had nothing to do but wait
	// OutputTail is the end of what the guest printed.
	OutputTail string
	// LastEvents are the last events before the end, oldest first, and before them those in which
	// servers said which group they belong to. Empty when the run passed.
	LastEvents []record.Event
	// Retried says that the worker of a first try died, killed from outside or for want of memory.
	Retried bool
	Notes   []string
	// Unkept is why the files that the job names are not complete, or nothing.
	Unkept string
	// Built answers Job.Compile.
	Built *built
}
