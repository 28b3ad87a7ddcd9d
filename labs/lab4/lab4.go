package lab4

import (
	"testing"

	"raftlab/shardapi"
	"raftlab/tester"
)

// Run runs the cases of lab 4 on a service, and private cases after them:
//
//	func TestLab4(t *testing.T) { lab4.Run(t, shardkv.Service) }
//
// It takes the function or the service. With the function each server and each client has a service
// made for itself.
func Run[S shardapi.Service | func() shardapi.Service](t *testing.T, service S, private ...tester.Case) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, tester.Making[shardapi.Service](service))
}
