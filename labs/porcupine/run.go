package porcupine

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Run runs the cases of the lab on a service:
//
//	func TestPorcupine(t *testing.T) { porcupine.Run(t, kvraft.Service()) }
func Run(t *testing.T, service kvapi.Service) {
	t.Helper()
	skipUnlessAsked(t)
	tester.Run(t, Lab(), service)
}
