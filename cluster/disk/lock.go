package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Lock takes the lock of the directory path, which ends with the process or when the result is
// closed. The error says that another process has it.
func Lock(path string) (io.Closer, error) {
	name := filepath.Join(path, "LOCK")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use by another process (locking %s: %w): stop that one first", path, name, err)
	}
	return f, nil
}

func isOneOf(err error, these ...error) bool {
	for _, e := range these {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
