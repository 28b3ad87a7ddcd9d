package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"raftlab/internal/release"
	"raftlab/internal/sim"
)

// version prints what a report of a fault needs: the commit, the Go release, the engine.
func (a *app) version(ctx context.Context) {
	commit, changed := "not recorded (go build records it, go run does not)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", with changes"
			}
		}
	}
	fmt.Fprintf(a.out, "raftlab %s\ncommit: %s%s\ngo: %s %s/%s\n", release.Version, commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	root, err := a.root()
	if err != nil {
		return // outside of a tree there is no framework to name
	}
	id, err := sim.IdentityOf(ctx, root.Dir)
	if err != nil {
		fmt.Fprintln(a.out, "engine: not known:", err)
		return
	}
	fmt.Fprintf(a.out, "compiles with: %s\nengine: %s\nframework: %s\n", id.GoVersion, id.Engine, id.Framework)
}
