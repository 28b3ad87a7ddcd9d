//go:build !wasip1

package rsm

import (
	"os"

	"raftlab/kvapi"
)

// skips: in a plain `go test ./...` a service without replicas is left alone. Whoever asks for a
// case hears what is missing.
func skips(s kvapi.Service) bool {
	_, asked := os.LookupEnv("RAFTLAB_PARAMS")
	return s.Replicate == nil && !asked
}
