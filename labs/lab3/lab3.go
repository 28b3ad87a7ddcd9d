package lab3

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Run runs the cases of lab 3 on a service, and private cases after them:
//
//	func TestLab3(t *testing.T) { lab3.Run(t, kvraft.Service) }
//
// It takes the function or the service. With the function each server and each client has a service
// made for itself.
func Run[S kvapi.Service | func() kvapi.Service](t *testing.T, service S, private ...tester.Case) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, tester.Making[kvapi.Service](service))
}
