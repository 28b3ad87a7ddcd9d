package stacks

import "strings"

// Owner is who answers for the code of a package.
type Owner int

const (
	// UnderTest is code under test: all that the table does not list. A solution's packages can be
	// called anything.
	UnderTest Owner = iota
	// Tester is package tester and what it consists of: the goroutines that watch and drive a run.
	Tester
	// Framework is the rest of the harness: labs, network, encoding, contracts, and what judges
	// histories.
	Framework
	// Go is the standard library and the runtime.
	Go
)

func (o Owner) String() string {
	return [...]string{"code under test", "tester", "framework", "Go"}[o]
}

// owners is the one table of packages that are not code under test. A path stands for itself, and
// with a slash at the end for all packages below it.
var owners = map[string]Owner{
	"raftlab/tester": Tester, "raftlab/tester/": Tester,
	"raftlab/tester/process_test": UnderTest, // plays it
	"raftlab/labs":                Framework, "raftlab/labs/": Framework, "raftlab/porcupine-tests": Framework, "raftlab/porcupine-tests/": Framework,
	"raftlab/labrpc": Framework, "raftlab/labgob": Framework,
	"raftlab/raftapi": Framework, "raftlab/kvapi": Framework, "raftlab/shardapi": Framework,
	"raftlab/internal/":                 Framework,
	"github.com/anishathalye/porcupine": Framework,
	"main":                              Framework, // of a test binary
	"panic":                             Go,        // how the runtime writes its function
}

// standard are the first elements of the import paths in the standard library that can occur in a
// stack.
var standard = map[string]bool{"bufio": true, "bytes": true, "context": true, "crypto": true, "encoding": true,
	"errors": true, "fmt": true, "hash": true, "internal": true, "io": true, "iter": true, "log": true, "maps": true,
	"math": true, "os": true, "reflect": true, "runtime": true, "slices": true, "sort": true, "strconv": true,
	"strings": true, "sync": true, "syscall": true, "testing": true, "time": true, "unicode": true, "unique": true,
	"vendor": true}

// OwnerOf says who answers for the package with this import path.
func OwnerOf(path string) Owner {
	if owner, ok := owners[path]; ok {
		return owner
	}
	for above := path; ; {
		slash := strings.LastIndexByte(above, '/')
		if slash < 0 {
			break
		}
		above = above[:slash]
		if owner, ok := owners[above+"/"]; ok {
			return owner
		}
	}
	if root, _, _ := strings.Cut(path, "/"); standard[root] {
		return Go
	}
	return UnderTest
}
