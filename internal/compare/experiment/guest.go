package experiment

import (
	"fmt"
	"os"
	"testing"
	"time"

	"raftlab/tester"
)

// SetVariable is the environment variable by which a guest is told the settings, as --set has them.
const SetVariable = "RAFTLAB_COMPARE_SET"

// CaseName is the name under which a guest knows a variant.
func CaseName(x Experiment, v Variant) string { return x.Name + "/" + v.Name }

// Test is the name of the test function that calls Run, see [TestFiles].
const Test = "TestCompare"

// Run runs the experiments on a subject.
func Run(t *testing.T, s Subject) { tester.Run(t, lab(), s) }

// lab has a part for each experiment, and a case for each variant; under `go test`, which says no
// settings, for those of the first scene.
func lab() tester.Lab {
	l := tester.Lab{Name: "compare", Package: "./internal/compare/experiment", Test: Test}
	_, asked := os.LookupEnv(SetVariable)
	for _, x := range All() {
		for _, v := range x.Variants {
			if !asked && v.Scene != x.Variants[0].Scene {
				continue // one scene shows that it runs
			}
			l.Cases = append(l.Cases, tester.Case{
				Part: x.Name, Name: v.Name, Checks: x.Question, Section: x.Source,
				Limit: time.Hour,
				Run:   func(e *tester.Env) { x.Run(newTrial(e, x, v)) },
			})
		}
	}
	return l
}

func newTrial(e *tester.Env, x Experiment, v Variant) *Trial {
	settings, err := x.With(os.Getenv(SetVariable))
	if err != nil {
		panic(fmt.Sprintf("experiment: %s: %v", SetVariable, err)) // the command has checked it
	}
	return &Trial{Env: e, Experiment: x, Variant: v, Subject: e.Subject().(Subject), settings: settings}
}
