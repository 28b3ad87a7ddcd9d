//go:build (linux || darwin) && raftlab_native

package process

import (
	"os"
	"syscall"
)

// stream is a file that keeps every whole line that was written to it, also when the process dies
// the instant after. It is mapped into memory piece by piece, so that a line costs no call of the
// system: with one call for each event, these calls took a third of a run. What is not written yet
// is zeros.
type stream struct {
	file   *os.File
	window []byte // the piece that is mapped
	at     int    // in the window
	end    int64  // of the window in the file, and of the file
}

// windowSize is a multiple of every page size there is.
const windowSize = 128 << 10

// Write appends a line. A run of which events are missing is another run, so it does not go on
// without.
func (s *stream) Write(line []byte) {
	for len(line) > 0 {
		if s.at == len(s.window) {
			if err := s.advance(); err != nil {
				lost("events", err)
			}
		}
		n := copy(s.window[s.at:], line)
		s.at += n
		line = line[n:]
	}
}

// advance maps the next piece. Its zeros are written first: on a full disk that is an error, where
// a page that cannot be stored would kill the process.
func (s *stream) advance() error {
	if s.window != nil {
		syscall.Munmap(s.window)
	}
	s.window, s.at = nil, 0
	if _, err := s.file.WriteAt(make([]byte, windowSize), s.end); err != nil {
		return err
	}
	const rights = syscall.PROT_READ | syscall.PROT_WRITE
	window, err := syscall.Mmap(int(s.file.Fd()), s.end, windowSize, rights, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	s.window = window
	s.end += windowSize
	return nil
}
