package vet

import (
	"fmt"
	"strings"
)

// This file is the list of what code under test may use. It is drawn up from what solutions of such
// courses use, and leaves out what calls by name or by reflection (text/template, net/rpc), because
// there the name is not in the source.

const (
	whyUnlisted = "it is not on the list of what code under test may use (docs/engine.md)"
	whyMemory   = "with it, code can read and change the memory of the harness that judges it"
	whyHarness  = "the code under test must not call the harness that judges it"
	whyProcess  = "it changes how the Go runtime treats the whole process, the harness included"
	whyShared   = "the framework and other code share it; keep a variable of your own"
	whyCommon   = "all servers of a run share it, and it could pass data between them; keep one of your own"
	// Where something is in memory depends on what others have asked for before.
	whyAddresses = "it shows where things are in memory, and how many goroutines there have been, by which servers could tell each other something"
	whyEtcd      = "that is a Raft that is already written; the one under test is yours"
)

// rule is what may be used of a package.
type rule struct {
	// only lists the package-level names. nil means all that are exported. "Name" stands for the
	// object and, if it is a type, its fields and methods; "Name: A B" for a type with no more than
	// the fields and methods A and B.
	only   []string
	except map[string]string // names ("Name", "Type.Method") and why not
}

var all = rule{}

func only(names ...string) rule { return rule{only: names} }

func except(why string, names ...string) rule {
	r := rule{except: map[string]string{}}
	for _, name := range names {
		r.except[name] = why
	}
	return r
}

// allowed are the packages that code under test may use, and what of them.
var allowed = map[string]rule{
	"bufio": all, "bytes": all, "cmp": all, "context": all, "errors": all, "fmt": all, "io": all, "io/fs": all, "iter": all,
	"maps": all, "slices": all, "sort": all, "strings": all, "strconv": all, "sync": all, "time": all, "unicode": all,
	"unicode/utf8": all, "unicode/utf16": all, "path": all, "path/filepath": all, "regexp": all,
	"text/tabwriter": all, "text/scanner": all, "index/suffixarray": all, "html": all, "io/ioutil": all,

	// The common logger may be set up, not used to keep something: see common.go.
	"log":      except(whyCommon, "Default", "Writer", "Prefix"),
	"log/slog": except(whyCommon, "Default", "SetDefault", "SetLogLoggerLevel"),

	"container/heap": all, "container/list": all, "container/ring": all,

	"math": all, "math/big": all, "math/bits": all, "math/cmplx": all, "math/rand": all, "math/rand/v2": all,

	"crypto": except(whyCommon, "RegisterHash"), "crypto/rand": all, "crypto/md5": all, "crypto/sha1": all, "crypto/sha256": all, "crypto/sha512": all,
	"crypto/sha3": all, "crypto/hmac": all, "crypto/subtle": all,
	"hash": all, "hash/adler32": all, "hash/fnv": all,
	"hash/maphash": except(whyAddresses, "Comparable", "WriteComparable"),
	"hash/crc32":   all, "hash/crc64": all, // the engine has MakeTable return copies

	"encoding": all, "encoding/base32": all, "encoding/base64": all, "encoding/binary": all, "encoding/csv": all,
	"encoding/gob": all, "encoding/hex": all, "encoding/json": all, "encoding/ascii85": all,
	"compress/flate": all, "compress/gzip": all, "compress/zlib": all, "compress/lzw": all, "compress/bzip2": all,

	// Flags are those of the test binary; it has parsed them before the first test begins. They may
	// be defined and read.
	"flag": except(whyCommon, "CommandLine", "Lookup", "Set", "Visit", "VisitAll", "Var", "Func", "BoolFunc", "TextVar", "Args"),
	// Signals do not arrive in the engine. Which are ignored is the same for all servers.
	"os/signal": except(whyCommon, "Ignored"),
	// Files are not there in the engine; trying fails as it would without permission. Exit ends as
	// a crash. GODEBUG in the environment would change how panics and timers work.
	"os": except(whyProcess, "Setenv", "Unsetenv", "Clearenv"),
	// The Pointer functions deal in unsafe.Pointer. The type Pointer[T] does not.
	"sync/atomic": except(whyMemory, "LoadPointer", "StorePointer", "SwapPointer", "CompareAndSwapPointer"),

	// Values, and the methods of types, lead to unsafe pointers and to unexported fields.
	"reflect": only("DeepEqual", "TypeOf", "Type: Kind Name PkgPath String Comparable Size", "Kind",
		"Invalid", "Bool", "Int", "Int8", "Int16", "Int32", "Int64", "Uint", "Uint8", "Uint16", "Uint32", "Uint64", "Uintptr",
		"Float32", "Float64", "Complex64", "Complex128", "Array", "Chan", "Func", "Interface", "Map", "Pointer", "Ptr", "Slice",
		"String", "Struct", "UnsafePointer"),
	// What looks at goroutines and calls is fine, and so is asking for a turn or a collection.
	// Finalizers and cleanups would run code at times that no verdict has foreseen.
	"runtime": only("Gosched", "Goexit", "NumGoroutine", "NumCPU", "GOMAXPROCS", "GC", "KeepAlive", "Caller", "Callers",
		"CallersFrames", "Frames", "Frame", "FuncForPC", "Func", "Version", "GOOS", "GOARCH", "Compiler", "Error", "TypeAssertionError",
		"MemStats", "ReadMemStats"),
	// One's own stack may be printed. Its text tells numbers of goroutines and addresses, and that
	// of all goroutines (runtime.Stack) what is in the hands of other servers.
	"runtime/debug": only("PrintStack"),

	// The framework's packages. Networks, servers and storage are made by the harness.
	Module + "/labrpc": only("ClientEnd"),
	Module + "/labgob": only("NewEncoder", "NewDecoder", "LabEncoder", "LabDecoder", "Register", "RegisterName"),
	Module + "/raftapi": except(whyHarness, "OnReached", "MakePersister", "NewPersister", "NewMemory", "MemoryFrom", "Memory",
		"Persister.Copy"),
	Module + "/kvapi": all, Module + "/shardapi": all,
	// What a service stands on.
	Module + "/raft": all, Module + "/kvraft": all, Module + "/kvraft/rsm": all, Module + "/shardkv/shardctrler": all,
	Module + "/kvsrv": all, Module + "/kvsrv/lock": all,
}

// refusedImports say more about some imports than that they are not listed. A path that ends in a
// slash stands for all below it, too.
var refusedImports = map[string]string{
	"unsafe":              whyMemory,
	"C":                   "code under test is Go; C code would not run in the engine",
	"testing/":            whyHarness,
	"plugin":              whyDirective,
	"runtime/":            whyProcess,
	"syscall/":            whyDirective,
	"text/template/":      "templates call methods by name, which cannot be checked",
	"html/template":       "templates call methods by name, which cannot be checked",
	"net/":                "there is no network but that of package labrpc",
	Module + "/tester/":   whyHarness,
	Module + "/labs/":     whyHarness,
	Module + "/internal/": whyHarness,
	Module + "/cmd/":      whyHarness,
	Module + "/mutants/":  whyHarness,
	Module + "/variants/": whyHarness,
	Module + "/etcdraft/": whyEtcd,
}

// refusedImport says why code under test may not import path. ok is false if it may.
func refusedImport(path string) (why string, refused bool) {
	if _, ok := allowed[path]; ok {
		return "", false
	}
	for prefix, why := range refusedImports {
		if path == strings.TrimSuffix(prefix, "/") || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix) {
			return why, true
		}
	}
	return whyUnlisted, true
}

// RefusesPackage says why code under test may not import a package.
func RefusesPackage(path string) (why string, refused bool) { return refusedImport(path) }

// Refuses says why code under test may not use an exported object of a package. owner is the type
// that a field or a method belongs to, or "".
func Refuses(path, owner, name string) (why string, refused bool) { return refuses(path, owner, name) }

// refuses says why an object of a package may not be used. owner is the type that a field or a
// method belongs to, or "".
func refuses(path, owner, name string) (why string, refused bool) {
	r, ok := allowed[path]
	if !ok {
		why, _ = refusedImport(path)
		return why, true
	}
	full := name
	if owner != "" {
		full = owner + "." + name
		if why, ok := r.except[owner]; ok {
			return why, true
		}
	}
	if why, ok := r.except[full]; ok {
		return why, true
	}
	if r.only == nil {
		return "", false
	}
	for _, entry := range r.only {
		listed, members, some := strings.Cut(entry, ": ")
		switch {
		case owner == "" && listed == name, owner == listed && !some:
			return "", false
		case owner == listed:
			for member := range strings.FieldsSeq(members) {
				if member == name {
					return "", false
				}
			}
		}
	}
	switch {
	case path == "reflect":
		return whyMemory, true
	case path == "runtime" && name == "Stack":
		return "it can show what is in the hands of other servers; debug.PrintStack prints the own stack", true
	case path == "runtime/debug" && name == "Stack":
		return whyAddresses + "; debug.PrintStack prints it", true
	case path == "runtime", path == "runtime/debug":
		return whyProcess, true
	case strings.HasPrefix(path, Module+"/"):
		return whyHarness, true
	}
	return whyUnlisted, true
}

// wholes are types of the standard library of which there are variables that everybody shares,
// behind pointers. A pointer to one can be had and used; the value behind it can be neither copied
// nor replaced.
var wholes = map[string]bool{
	"os.File": true, "time.Location": true, "flag.FlagSet": true, "log/slog.Logger": true, "encoding/base64.Encoding": true, "encoding/base32.Encoding": true,
}

// Rules is the whole list as text. What was checked under another one has to be checked again.
func Rules() string {
	return fmt.Sprint(allowed, refusedImports, wholes, allowedDirectives, readers, entrances)
}
