package sim

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// This file edits the Go runtime that runs are linked with. The sources are read from the installed
// toolchain when a binary is built, and the edited copies reach the compiler through the same
// -overlay file as everything else: the toolchain itself is not touched.
//
// The edits come in groups. A group is applied when each of its edits matches exactly once, and
// left out otherwise (another Go release), with a note: the engine then still works, but what the
// note says is missing. Most groups serve both engines, so that a run is the same in both
// (goruntime_groups.go); what only a guest needs is beside them, and what only a native process
// needs is in goruntime_native.go.

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
	only    string // the engine that has the group, or "" for both
	source  string // in the folder overlay; goes into package runtime. "": there is none
	edits   []runtimeEdit
	rewrite map[string]func(text []byte) ([]byte, error) // files that are written anew
}

//go:embed overlay/*.go.txt
var overlaySources embed.FS

// overlay is what [runtimeOverlay] returns. Nobody changes it.
type overlay struct {
	files          map[string][]byte
	applied, notes []string
}

// overlays are those that were made already: a build asks for both engines' more than once.
var overlays sync.Map

// runtimeOverlay returns the edited and added files of the standard library, by their path below
// GOROOT/src, the names of the groups that were applied, and a note for each that was not. Groups
// that are named in without are left out.
func runtimeOverlay(goroot, engine string, without ...string) (files map[string][]byte, applied, notes []string) {
	key := strings.Join(append([]string{goroot, engine}, without...), "\x00")
	known, ok := overlays.Load(key)
	if !ok {
		known, _ = overlays.LoadOrStore(key, makeOverlay(goroot, engine, without))
	}
	o := known.(overlay)
	return o.files, slices.Clone(o.applied), slices.Clone(o.notes)
}

func makeOverlay(goroot, engine string, without []string) overlay {
	var applied, notes []string
	files := map[string][]byte{}
	have := map[string]bool{}
	for _, g := range slices.Concat(runtimeGroups, nativeGroups) {
		if g.only != "" && g.only != engine {
			continue
		}
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
	return overlay{files, applied, notes}
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
	for name, rewrite := range g.rewrite {
		text, err := readSource(goroot, name)
		if err == nil {
			edited[name], err = rewrite(text)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, e := range g.edits {
		text, ok := edited[e.file]
		if !ok {
			text, ok = earlier[e.file]
		}
		if !ok {
			var err error
			if text, err = readSource(goroot, e.file); err != nil {
				return nil, err
			}
		}
		if n := bytes.Count(text, []byte(e.old)); n != 1 {
			return nil, fmt.Errorf("in %s, %q occurs %d times", e.file, strings.TrimSpace(firstLine(e.old)), n)
		}
		edited[e.file] = bytes.Replace(text, []byte(e.old), []byte(e.new), 1)
	}
	return edited, nil
}

// readSource reads a file of the toolchain.
func readSource(goroot, name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(goroot, "src", filepath.FromSlash(name)))
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
