//go:build !wasip1

package shardgrp

import (
	"os"

	"raftlab/shardapi"
)

// skips: in a plain `go test ./...` a service in another form is left alone. Whoever asks for a
// case hears what is missing.
func skips(s shardapi.Service) bool {
	_, asked := os.LookupEnv("RAFTLAB_PARAMS")
	return s.Moved == nil && !asked
}
