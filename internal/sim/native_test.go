package sim

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// badPeersHere builds what badPeers does for this machine.
func badPeersHere(t *testing.T, race bool) *Binary {
	t.Helper()
	build := badBuild(t)
	build.Native, build.Race = true, race
	b, err := build.Binary(context.Background(), nil)
	require.NoError(t, err)
	return b
}

// TestSameRunInBothEngines: where a run is executed makes no difference to any of its events, nor
// to its verdict, whether or not the peers print, and whether or not the race detector looks on.
func TestSameRunInBothEngines(t *testing.T) {
	p := newPool(t, 2)
	wasm, host := badPeers(t), badPeersHere(t, false)
	var raced *Binary
	if _, err := exec.LookPath("gcc"); err == nil {
		raced = badPeersHere(t, true)
	} else {
		t.Log("the race detector is left out: there is no C compiler")
	}
	for _, name := range []string{"2C/CrashSwarm", "2D/Snapshots"} { // doctor --engines has those of services
		for _, seed := range []uint64{1, 4} { // 4 divides one of them: package yield
			plain := p.Run(context.Background(), labJob(wasm, name, seed))
			same := func(binary *Binary, env ...string) {
				t.Helper()
				r := p.Run(context.Background(), labJob(binary, name, seed, env...))
				t.Log(name, seed, env, plain.CPU, r.CPU, plain.Idle, r.Idle)
				require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
				// The engines have a goroutine or two of their own, and memory is known in wasm only.
				plain.Verdict.Peaks, r.Verdict.Peaks = record.Peaks{}, record.Peaks{}
				require.Equal(t, plain.Verdict, r.Verdict)
				require.Equal(t, plain.Hash, r.Hash, "%s, seed %d, %v", name, seed, env)
			}
			same(host)
			same(host, "PRINT=1")
			if raced != nil {
				same(raced)
			}
		}
	}
}

// TestNativeEndings: a run ends natively as it does in the wasm engine, whatever way the code under
// test finds.
func TestNativeEndings(t *testing.T) {
	p := newPool(t, 2)
	b, host := badPeers(t), badPeersHere(t, false)
	for _, forgery := range []string{"goexit", "block", "panic", "panic in a handler", "panic of a timer", "exit", "close", "spin"} {
		t.Run(forgery, func(t *testing.T) {
			want := p.Run(context.Background(), labJob(b, "2B/BasicAgreement", 1, "FORGE="+forgery))
			r := p.Run(context.Background(), labJob(host, "2B/BasicAgreement", 1, "FORGE="+forgery))
			t.Log(r.Verdict.Outcome, r.Verdict.Message, want.CPU, r.CPU)
			require.Equal(t, want.Verdict.Outcome, r.Verdict.Outcome, "%+v", r.Verdict)
			require.Equal(t, want.Verdict.Message, r.Verdict.Message)
			require.Equal(t, want.Verdict.Peers, r.Verdict.Peers)
			if strings.HasPrefix(forgery, "panic ") {
				require.Equal(t, "peer 2: panic: here", r.Verdict.Message)
				require.Equal(t, []int{2}, r.Verdict.Peers)
			}
			require.Equal(t, want.Verdict.Time, r.Verdict.Time)
			require.Equal(t, want.Hash, r.Hash)
		})
	}
}

// A native run ends by the processor time that it takes. A machine so busy that it takes long for
// other reasons takes nothing from a run, and is not called one that computes for ever.
func TestNativeTimes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processor time is not known here")
	}
	const cpu = 300 * time.Millisecond
	require.ErrorIs(t, runGroup(context.Background(), cpu, exec.Command("sh", "-c", "while :; do :; done")), errTooMuch)
	require.NoError(t, runGroup(context.Background(), cpu, exec.Command("sleep", "1.5")))
	ctx, cancel := context.WithTimeoutCause(context.Background(), cpu, errTooLong)
	defer cancel()
	began := time.Now()
	err := runGroup(ctx, cpu, exec.Command("sleep", "60"))
	require.Error(t, err)
	require.NotErrorIs(t, err, errTooMuch)
	require.Less(t, time.Since(began), 50*time.Second)
	n := nativeRun{Job: Job{CPU: cpu}, dir: t.TempDir(), events: newEvents(), output: &output{}, began: began}
	require.Equal(t, OutOfTime, n.result(ctx, err).Verdict.Rule)
	r := n.result(context.Background(), errTooMuch)
	require.Equal(t, "processor time", r.Verdict.Rule)
	require.Empty(t, r.Hash, "another time the guard strikes elsewhere, and nobody is to compare")
}
