//go:build !linux && !darwin && !wasip1 && raftlab_native

package process

import "os"

// stream is a file that keeps every line that was written to it, also when the process dies the
// instant after.
type stream struct{ file *os.File }

// Write appends a line.
func (s *stream) Write(line []byte) {
	if _, err := s.file.Write(line); err != nil {
		lost("events", err)
	}
}
