package lab3

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Run runs the cases of lab 3 on a service, and private cases after them:
//
//	func TestLab3(t *testing.T) { lab3.Run(t, kvraft.Service()) }
func Run(t *testing.T, service kvapi.Service, private ...tester.Case) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, service)
}
