package sim

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file edits the Go runtime that guests are linked with. The sources are read from the
// installed toolchain when a guest is built, and the edited copies reach the compiler through the same
// -overlay file as everything else: the toolchain itself is not touched.
//
// The edits come in groups. A group is applied when each of its edits matches exactly once, and left
// out otherwise (another Go release), with a note: the engine then still works, but what the note
// says is missing.

// runtimeEdit replaces old, which must occur exactly once in the file, by new.
type runtimeEdit struct {
	file     string // below GOROOT/src
	old, new string
}

// runtimeGroup is a set of edits that need each other, and the file with the functions they call.
type runtimeGroup struct {
	name    string
	without string // what is the case without the group
	needs   string // another group
	source  string // in the folder overlay; goes into package runtime. "": there is none
	edits   []runtimeEdit
}

//go:embed overlay/*.go.txt
var overlaySources embed.FS

var runtimeGroups = []runtimeGroup{
	{
		name:    "streams",
		without: "printing, making and ranging over maps change the random numbers that follow",
		source:  "streams",
		edits: []runtimeEdit{
			{"runtime/rand.go", "\tglobalRand.init = true\n\tunlock(&globalRand.lock)\n",
				"\tglobalRand.init = true\n\tunlock(&globalRand.lock)\n\traftlabSeed()\n"},
			{"runtime/rand.go", "func rand() uint64 {\n", "func rand() uint64 {\n\tif raftlabHash != 0 {\n\t\treturn raftlabHash\n\t}\n"},
			{"math/rand/rand.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"math/rand/v2/rand.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"hash/maphash/maphash_runtime.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"runtime/select.go", "j := cheaprandn(uint32(norder + 1))", "j := raftlabBelow(&raftlab.selects, uint32(norder+1))"},
		},
	},
	{
		name:    "kin",
		without: "all servers of a run range over equal maps in the same order",
		needs:   "streams",
		source:  "kin",
		edits: []runtimeEdit{
			{"runtime/rand.go", "\t\treturn raftlabHash\n", "\t\treturn raftlabMaps()\n"},
			{"runtime/runtime2.go", "\tgoid         uint64\n", "\tgoid         uint64\n\traftlabKin, raftlabChildren uint64\n"},
			{"runtime/proc.go", "\tif isSystemGoroutine(newg, false) {\n\t\tsched.ngsys.Add(1)\n\t} else {\n",
				"\tnewg.raftlabKin = 0\n\tif isSystemGoroutine(newg, false) {\n\t\tsched.ngsys.Add(1)\n\t} else {\n\t\traftlabBorn(callergp, newg)\n"},
		},
	},
	{
		name:    "order",
		without: "goroutines run first in, first out, for every seed",
		needs:   "streams",
		source:  "order",
		edits: []runtimeEdit{
			{"runtime/proc.go",
				"makes the item available for consumption\n\t\treturn\n\t}\n\tif runqputslow(",
				"makes the item available for consumption\n\t\traftlabShuffle(pp, h, t)\n\t\treturn\n\t}\n\tif runqputslow("},
		},
	},
	{
		// An ordinary stack begins with 2 KiB and doubles. A simulated call starts several goroutines, each
		// of which would copy its stack twice.
		name:    "stacks",
		without: "goroutines grow their stacks step by step, which takes a sixth of the time",
		edits: []runtimeEdit{
			{"runtime/stack.go", "var startingStackSize uint32 = fixedStack\n", "var startingStackSize uint32 = 4 * fixedStack\n"},
		},
	},
	{
		name:    "collect",
		without: "garbage collections change the order of goroutines, and are not counted",
		needs:   "streams",
		source:  "collect",
		edits: []runtimeEdit{
			{"runtime/lock_wasip1.go", "\treturn nil, false\n}\n", "\treturn raftlabIdle(), false\n}\n"},
			{"runtime/mgc.go", "\tswitch t.kind {\n\tcase gcTriggerHeap:\n\t\ttrigger, _ := gcController.trigger()\n\t\treturn gcController.heapLive.Load() >= trigger\n",
				"\tif raftlabGC.wanted {\n\t\treturn true\n\t}\n\tswitch t.kind {\n\tcase gcTriggerHeap:\n\t\treturn raftlabDue()\n"},
			{"runtime/mgc.go", "\twork.cycles.Add(1)\n", "\twork.cycles.Add(1)\n\traftlabCollects()\n"},
		},
	},
}

// runtimeOverlay returns the edited and added files of the standard library, by their path below
// GOROOT/src, the names of the groups that were applied, and a note for each that was not. Groups that are
// named in without are left out.
func runtimeOverlay(goroot string, without ...string) (files map[string][]byte, applied, notes []string) {
	files = map[string][]byte{}
	have := map[string]bool{}
	for _, g := range runtimeGroups {
		if slices.Contains(without, g.name) {
			notes = append(notes, fmt.Sprintf("Go runtime overlay %q left out as asked: %s", g.name, g.without))
			continue
		}
		edited, err := g.apply(goroot, files)
		if err == nil && g.needs != "" && !have[g.needs] {
			err = fmt.Errorf("it needs %q", g.needs)
		}
		if err != nil {
			notes = append(notes, fmt.Sprintf("Go runtime overlay %q left out (%v): %s", g.name, err, g.without))
			continue
		}
		for name, text := range edited {
			files[name] = text
		}
		have[g.name] = true
		applied = append(applied, g.name)
	}
	return files, applied, notes
}

// apply returns the group's files, starting from those that earlier groups have edited.
func (g runtimeGroup) apply(goroot string, earlier map[string][]byte) (map[string][]byte, error) {
	edited := map[string][]byte{}
	if g.source != "" {
		source, err := overlaySources.ReadFile("overlay/" + g.source + ".go.txt")
		if err != nil {
			return nil, err
		}
		edited["runtime/raftlab_"+g.source+".go"] = source
	}
	for _, e := range g.edits {
		text, ok := edited[e.file]
		if !ok {
			text, ok = earlier[e.file]
		}
		if !ok {
			var err error
			if text, err = os.ReadFile(filepath.Join(goroot, "src", filepath.FromSlash(e.file))); err != nil {
				return nil, err
			}
			text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		}
		if n := bytes.Count(text, []byte(e.old)); n != 1 {
			return nil, fmt.Errorf("in %s, %q occurs %d times", e.file, strings.TrimSpace(firstLine(e.old)), n)
		}
		edited[e.file] = bytes.Replace(text, []byte(e.old), []byte(e.new), 1)
	}
	return edited, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
