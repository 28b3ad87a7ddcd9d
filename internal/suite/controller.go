package suite

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// This file is about a shard controller by itself. Lab 4 enters everything through package shardkv,
// which is built on the controller; but its first part tests the controller and nothing else, and
// is to be had before there are any groups. Then package shardkv is the few lines of
// [controllerEntrance], whatever signatures the controller has given to its clerk.
const (
	shardedPackage    = "shardkv"
	controllerPackage = "shardkv/shardctrler"
	controllerPart    = "4A"
)

const controllerEntrance = `// Package shardkv is the entrance to a controller that is tested by itself.
package shardkv

import (
	"raftlab/shardapi"
	"raftlab/shardkv/shardctrler"
)

// Service has no groups, which part 4A has no need of.
func Service() shardapi.Service { return shardapi.Service{Controller: shardctrler.Controller()} }
`

// controllerAlone says that the code has a controller, but not the service that goes with it.
func (c Code) controllerAlone() bool {
	_, controller := c.Impl[controllerPackage]
	return controller
}

// testsController says whether a case tests the controller and nothing else.
func testsController(k Case) bool {
	return strings.TrimPrefix(k.Package, "./") == shardedPackage && k.Own().Part == controllerPart
}

// entranceFile is where the entrance is, for the compiler. The user has no such file: what is wrong
// there is told with entranceHelp.
const (
	entranceFile = shardedPackage + "/service.go"
	entranceHelp = ": the cases enter a controller through its function Controller (docs/lab4a.md)"
)

// withoutGroups are the edits that put the entrance in the place of the framework's package
// shardkv.
func (c Code) withoutGroups() map[string][]byte {
	edits := map[string][]byte{}
	// What cannot be read is not compiled either.
	_ = filepath.WalkDir(filepath.Join(c.Framework, shardedPackage), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if name, err := filepath.Rel(c.Framework, path); err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			edits[filepath.ToSlash(name)] = nil
		}
		return nil
	})
	edits[entranceFile] = []byte(controllerEntrance)
	return edits
}
