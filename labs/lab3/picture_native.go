//go:build !wasip1 && !raftlab_native

package lab3

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// picture writes porcupine's picture of a history that is not linearizable to a temporary file, and
// returns a line that says where. (In an engine raftlab draws it from the trace.)
func picture(e *tester.Env, ops []model.Op, faults []model.Fault) string {
	name := fmt.Sprintf("raftlab-%s-%d.html", strings.ReplaceAll(e.Case().ID(), "/", "-"), e.Seed())
	path := filepath.Join(os.TempDir(), name)
	file, err := os.Create(path)
	if err != nil {
		return ""
	}
	err = model.Draw(file, ops, faults)
	if file.Close() != nil || err != nil {
		return ""
	}
	return "\npicture: " + path
}
