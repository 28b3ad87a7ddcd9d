//go:build !wasip1

package porcupine

import (
	"flag"
	"os"
	"testing"
)

var asked = flag.Bool("porcupine", false, "run the long histories of lab porcupine, too")

// skipUnlessAsked skips the lab in a plain `go test ./...`. The children in which cases run are
// asked by their parent.
func skipUnlessAsked(t *testing.T) {
	t.Helper()
	_, child := os.LookupEnv("RAFTLAB_PARAMS")
	if !*asked && !child {
		t.Skip("long: add -porcupine")
	}
}
