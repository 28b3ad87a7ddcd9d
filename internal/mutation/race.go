package mutation

import (
	"context"
	"fmt"
	"sync"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Raced runs subjects under the race detector, which needs the native engine: there is none for
// WebAssembly. The binary of a package is built at the first run that wants it, so that it does not
// hold up the others.
type Raced struct {
	engine    suite.Engine
	root      string
	subjects  []Subject
	packageOf map[string]string // by the variable that selects a subject
	byPackage map[string]*racedBinary
}

type racedBinary struct {
	once   sync.Once
	binary *sim.Binary
	err    error
}

// NewRaced returns the engine for subjects of the framework at root. The binaries run on engine.
func NewRaced(root string, subjects []Subject, engine suite.Engine) *Raced {
	r := &Raced{engine: engine, root: root, subjects: subjects, packageOf: map[string]string{}, byPackage: map[string]*racedBinary{}}
	for _, s := range subjects {
		r.packageOf[peerVariable+"="+s.Name] = s.Package()
		r.byPackage[s.Package()] = &racedBinary{}
	}
	return r
}

// Run implements [suite.Engine].
func (r *Raced) Run(ctx context.Context, j sim.Job) sim.Result {
	pkg := r.packageOf[j.Env[0]]
	b := r.byPackage[pkg]
	if b == nil {
		return frameworkError(fmt.Errorf("no subject for the race detector has %s", j.Env[0]))
	}
	b.once.Do(func() {
		edits, err := Together(r.root, pkg, Of(r.subjects, pkg))
		if err != nil {
			b.err = err
			return
		}
		b.binary, b.err = sim.Build{Framework: r.root, Package: pkg, Edits: edits, Native: true, Race: true}.Binary(ctx, nil)
	})
	if b.err != nil {
		return frameworkError(b.err)
	}
	j.Binary = b.binary
	return r.engine.Run(ctx, j)
}
