package lab4

import (
	"testing"

	"raftlab/shardapi"
	"raftlab/tester"
)

// Run runs the cases of lab 4 on a service, and private cases after them:
//
//	func TestLab4(t *testing.T) { lab4.Run(t, shardkv.Service()) }
func Run(t *testing.T, service shardapi.Service, private ...tester.Case) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, service)
}
