package tester

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"raftlab/internal/record"
	"raftlab/tester/process"
)

// Case is one row of a lab's table.
type Case struct {
	Part    string // "2A"
	Name    string // "InitialElection"
	Points  int
	Checks  string        // one line: what it checks and why
	Section string        // of the Raft paper: "§5.2"
	Reaches []string      // situations (raftapi.Reached) that the case exists for
	Limit   time.Duration // virtual time for the whole case; 0 means CaseLimit
	// Course is the test of the course (6.824, 6.5840) that demands the same, without its part:
	// "BasicAgree". It is empty where the course demands nothing of the kind.
	Course string
	Run    func(*Env)
}

// ID is the case's name on the command line: "2A/InitialElection".
func (c Case) ID() string { return c.Part + "/" + c.Name }

// Lab is a table of cases, and where their subject is found.
type Lab struct {
	Name    string // "lab2"
	Package string // "./raft", whose test binary runs the cases
	Test    string // "TestLab2", the test in that binary
	Cases   []Case
	// OnRequest says that the cases run only when they are named: they take long, or are about a
	// form that few services have.
	OnRequest bool
	// On is the lab whose peer the servers run on, if they run on one: "lab2".
	On string
	// Field is the field of the service that the cases are about, if not every service has it.
	Field string
}

// With is the lab with more cases at its end.
func (l Lab) With(more ...Case) Lab {
	l.Cases = append(slices.Clip(l.Cases), more...)
	return l
}

// Only is the lab with the cases of some parts.
func (l Lab) Only(parts ...string) Lab {
	l.Cases = slices.DeleteFunc(slices.Clone(l.Cases), func(c Case) bool { return !slices.Contains(parts, c.Part) })
	return l
}

// Demanded is the lab with what the course demands, too: by the IDs of cases the tests of the
// course.
func (l Lab) Demanded(by map[string]string) Lab {
	found := 0
	l.Cases = slices.Clone(l.Cases)
	for i, c := range l.Cases {
		if test, ok := by[c.ID()]; ok {
			l.Cases[i].Course = test
			found++
		}
	}
	if found != len(by) {
		panic(fmt.Sprintf("%s: of the %d cases that the course is said to demand, %d exist under that name; mend course.go beside the table", l.Name, len(by), found))
	}
	return l
}

// Run runs the cases of lab on subject, which the cases get from [Env.Subject]. It is the body of a
// test; which way the cases run depends on where the test binary finds itself:
//
//   - in `go test`, each case becomes a subtest TestLab2/2A/InitialElection that runs in a child
//     process, several at a time;
//   - in such a child process, or in the engine, the one case asked for runs, and the process ends
//     with its verdict.
func Run(t *testing.T, lab Lab, subject any) {
	t.Helper()
	process.Run(t, lab.of(subject))
}

// of is the lab as processes know it, with the cases run on subject.
func (l Lab) of(subject any) process.Lab {
	p := process.Lab{Name: l.Name, Package: l.Package, Test: l.Test}
	for _, c := range l.Cases {
		p.Cases = append(p.Cases, process.Case{Part: c.Part, Name: c.Name,
			Run: func(h process.Host, params record.Params) { runCase(h, c, subject, params) }})
	}
	return p
}
