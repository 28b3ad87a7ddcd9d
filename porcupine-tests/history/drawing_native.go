//go:build !wasip1 && !raftlab_native

package history

import (
	"fmt"
	"os"

	"raftlab/porcupine-tests/model"
)

// drawing draws a history into a new file among the temporary ones, and returns its name.
func drawing(ops []model.Op, faults []model.Fault) (string, error) {
	f, err := os.CreateTemp("", "raftlab-history-*.html")
	if err != nil {
		return "", err
	}
	err = model.Draw(f, ops, faults)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("drawing the history into %s: %w", f.Name(), err)
	}
	return f.Name(), nil
}
