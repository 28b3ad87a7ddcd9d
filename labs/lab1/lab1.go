package lab1

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Run runs the cases of lab 1 on a service, and private cases after them:
//
//	func TestLab1(t *testing.T) { lab1.Run(t, kvsrv.Service) }
//
// It takes the function or the service. With the function the server and each client have a service
// made for themselves.
func Run[S kvapi.Single | func() kvapi.Single](t *testing.T, service S, private ...tester.Case) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, tester.Making[kvapi.Single](service))
}
