package sim

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// benchmarkJob runs j in this process, one seed after the other. cpu-ms/op is processor time, which
// a busy machine does not change.
func benchmarkJob(b *testing.B, binary *Binary, j Job) {
	ctx := context.Background()
	p, err := loadProgram(ctx, binary.Path, nativeDir(binary), 1)
	require.NoError(b, err)
	defer p.close(ctx)
	var cpu time.Duration
	for b.Loop() {
		r := p.run(ctx, j)
		require.Equal(b, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
		cpu += r.CPU
		j.Params.Seed++
	}
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkInstance is the price of a run in which nothing happens.
func BenchmarkInstance(b *testing.B) {
	mini := buildMini(b)
	benchmarkJob(b, mini, miniJob(mini, "pass", 0))
}

// BenchmarkRun runs cases of lab 2 on the reference peer: as it is built, and without the counting
// of loops.
func BenchmarkRun(b *testing.B) {
	uncounted := map[string][]byte{
		"internal/backedge/backedge_wasip1.go": []byte("package backedge\n\nfunc Count() {}\n\nfunc Enter() {}\n"),
	}
	for name, edits := range map[string]map[string][]byte{"counted": nil, "uncounted": uncounted} {
		binary, err := Build{Framework: filepath.Join("..", ".."), Package: "./raft", Edits: edits}.Binary(context.Background(), nil)
		require.NoError(b, err)
		for _, c := range []string{"2A/InitialElection", "2A/ManyElections", "2C/Figure8"} {
			b.Run(c+"/"+name, func(b *testing.B) {
				benchmarkJob(b, binary, Job{Binary: binary, Test: "TestLab2", Params: record.Params{Case: c}})
			})
		}
	}
}

// BenchmarkMachineCode is what the first run of a new binary waits for beside the Go compiler, and
// what every worker waits for at its first run.
func BenchmarkMachineCode(b *testing.B) {
	binary, err := Build{Framework: filepath.Join("..", ".."), Package: "./raft"}.Binary(context.Background(), nil)
	require.NoError(b, err)
	load := func(b *testing.B, dir func() string, workers int) {
		began := processorTime()
		for b.Loop() {
			p, err := loadProgram(context.Background(), binary.Path, dir(), workers)
			require.NoError(b, err)
			p.close(context.Background())
		}
		b.ReportMetric(float64((processorTime()-began).Milliseconds())/float64(b.N), "cpu-ms/op")
	}
	b.Run("cold, 1 processor", func(b *testing.B) { load(b, b.TempDir, 1) })
	b.Run("cold, 2 processors", func(b *testing.B) { load(b, b.TempDir, 2) })
	b.Run("warm", func(b *testing.B) { load(b, func() string { return nativeDir(binary) }, 1) })
}
