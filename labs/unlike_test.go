package labs

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/porcupine-tests/model"
)

// The judge always comes to a verdict where the values that clients write are unlike each other, or
// have versions. No case has clients write equal values to one key at the same time, or loses one
// of two such writes: so no run of theirs is inconclusive, whatever a service answers.
//
// These are also the runs of the services under plain `go test`, which `make test` makes only here.
func TestClientsWriteUnlikeValues(t *testing.T) {
	for _, c := range []struct {
		folder, test string
		least        int    // histories
		long         string // the case with a long one, as it is called in the name of its trace
	}{
		{"kvsrv", "^TestLab1$", 15, ""},
		{"kvraft", "^TestLab3$|^TestPorcupine$/^P$/^Log$", 60, "P-Log"},
		{"shardkv", "^TestLab4$|^TestPorcupine$/^PS$/^Log$", 25, "PS-Log"},
	} {
		t.Run(c.folder, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"test", "-vet=off", "-ldflags=-w", "./" + c.folder, "-count=1", "-run=" + c.test, "-seeds=1", "-events=" + filepath.Join(dir, "trace")}
			if c.long != "" {
				args = append(args, "-porcupine")
			}
			run := exec.Command("go", args...)
			run.Dir = ".."
			printed, err := run.CombinedOutput()
			require.NoError(t, err, "%s", printed)
			files, err := filepath.Glob(filepath.Join(dir, "trace.*"))
			require.NoError(t, err)
			histories, long := 0, 0
			for _, file := range files {
				ops := operations(t, file)
				require.Empty(t, model.Unsure(ops), "%s: equal values at the same time", filepath.Base(file))
				switch {
				case len(ops) == 0:
				case filepath.Base(file) == "trace."+c.long+".1":
					long++
				default:
					histories++
				}
			}
			require.GreaterOrEqual(t, histories, c.least, "of %d traces", len(files))
			require.Equal(t, c.long != "", long == 1, "the long history")
			t.Logf("%d histories", histories+long)
		})
	}
}

// operations reads what clients did from a trace file.
func operations(t *testing.T, file string) []model.Op {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var events []record.Event
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		if !strings.Contains(line, "invoke") && !strings.Contains(line, "return") { // most are messages
			continue
		}
		var e record.Event
		require.NoError(t, json.Unmarshal([]byte(line), &e), "%s", line)
		events = append(events, e)
	}
	ops, _, err := model.FromTrace(events)
	require.NoError(t, err)
	return ops
}
