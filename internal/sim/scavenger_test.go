package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// scavenging is a case that fills memory up to the limit, has it collected, and computes for a tenth
// of a second and more. It fails if memory goes back to the system meanwhile.
const scavenging = `package lab2

import (
	"crypto/sha256"
	"runtime"
	"runtime/metrics"
	"time"

	"raftlab/tester"
)

func released() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func givesNothingBack(e *tester.Env) {
	var full [][]byte
	for range 126 {
		full = append(full, make([]byte, 1<<20))
	}
	if len(full) != 126 {
		return
	}
	runtime.KeepAlive(full)
	full = nil
	time.Sleep(time.Second)
	runtime.GC()
	before := released()
	text := make([]byte, 1<<20)
	for range 400 {
		text[0] = sha256.Sum256(text)[0]
	}
	if after := released(); after != before {
		e.Fail(tester.Violation{Rule: "memory given back", Message: "while the run computed, memory went back to the system"})
	}
}
`

// TestMemoryStaysWithTheProcess: the Go runtime gives free memory back bit by bit, by the machine's
// clock. The goroutine that does so has a turn then, and those of the run another order.
func TestMemoryStaysWithTheProcess(t *testing.T) {
	root := filepath.Join("..", "..")
	const file, begin = "labs/lab2/election.go", "func initialElection(e *tester.Env) {\n"
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), begin))
	b := Build{Framework: root, Package: "./raft", Native: true, Edits: map[string][]byte{
		file:                        []byte(strings.Replace(string(text), begin, begin+"\tgivesNothingBack(e)\n", 1)),
		"labs/lab2/givesnothing.go": []byte(scavenging),
	}}
	binary, err := b.Binary(context.Background(), nil)
	require.NoError(t, err)
	j := Job{Binary: binary, Test: "TestLab2", Params: record.Params{Case: "2A/InitialElection", Seed: 1}, MemoryLimit: 256 << 20}
	r := newPool(t, 1).Run(context.Background(), j)
	t.Log(r.CPU, r.GCs)
	require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
}
