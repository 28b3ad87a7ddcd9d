package sim

import (
	"fmt"
	"go/types"
	"path/filepath"
	"slices"

	"raftlab/internal/vet"
)

// harmless is what code may use of packages that otherwise show which machine it runs on. In the
// wasm engine there are no files, there is one processor, and the system is called wasip1; natively
// all that is the machine's own.
var harmless = map[string][]string{
	"os": {"Exit", "Stdin", "Stdout", "Stderr", "Getenv", "LookupEnv", "Environ", "Expand", "ExpandEnv", "Args", "File", "FileMode", "FileInfo",
		"ErrNotExist", "ErrExist", "ErrPermission", "ErrInvalid", "ErrClosed", "ErrDeadlineExceeded", "ErrNoDeadline", "IsExist", "IsNotExist",
		"IsPermission", "IsTimeout", "PathError", "SyscallError", "Signal", "Interrupt", "Kill", "ModePerm", "O_RDONLY", "O_RDWR", "O_CREATE"},
	"os/signal": {},
	"runtime": {"Gosched", "Goexit", "NumGoroutine", "GOMAXPROCS", "GC", "KeepAlive", "Caller", "Callers", "CallersFrames", "Frames", "Frame",
		"FuncForPC", "Func", "Version", "Compiler", "Error", "TypeAssertionError"},
}

// throughFiles are functions of other packages that look at files.
var throughFiles = map[string][]string{
	"path/filepath": {"Walk", "WalkDir", "Glob", "EvalSymlinks", "Abs"},
	"time":          {"LoadLocation", "Local"},
}

// outside returns where the code under test looks at the machine that it runs on: at its files, for
// example. Such a run is no function of the code, the case and the seed, unless it is made where
// none of that exists. Files are told relative to the framework: another checkout may find the binary
// in the cache.
func outside(checked *vet.Checked, framework string) (places []string) {
	for _, p := range checked.Packages {
		if !p.UnderTest || p.Info == nil {
			continue
		}
		for id, object := range p.Info.Uses {
			if object.Pkg() == nil || object.Parent() != object.Pkg().Scope() { // methods and fields come with their types
				continue
			}
			if !looksOutside(object) {
				continue
			}
			at := checked.Files.PositionFor(id.Pos(), false)
			file := at.Filename
			if relative, err := filepath.Rel(framework, file); err == nil && filepath.IsLocal(relative) {
				file = relative
			}
			places = append(places, fmt.Sprintf("%s:%d uses %s.%s", filepath.ToSlash(file), at.Line, object.Pkg().Name(), object.Name()))
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

func looksOutside(object types.Object) bool {
	path := object.Pkg().Path()
	if names, ok := harmless[path]; ok {
		return !slices.Contains(names, object.Name())
	}
	return slices.Contains(throughFiles[path], object.Name())
}
