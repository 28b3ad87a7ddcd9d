package sim

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"raftlab/internal/record"
)

// This file answers the guest's own host calls, WebAssembly imports of a module named "raftlab":
//
//	who calls           function   what for
//	tester              params     the case, the seed and the secret; once
//	                    event      one event of the trace
//	                    detail     decoded arguments of that event, when asked for
//	                    verdict    how the run ended, with the secret
//	internal/backedge   watch      where its counters are
//	                    yield      time may pass: a loop has run for long
//	                    spin       a loop, or calls, went on for too long; where, and the stacks
//	Go runtime overlay  gc         a garbage collection begins (from split.go: the rest is wanted)
//	                    flood      there is too much of something; it was printed of what
//	                    clock      where the time has to be, for the guest to read
//
// Everything passes through the guest's memory as (address, length).

// maxText bounds what the guest may hand over in one call, in bytes.
const maxText = 16 << 20

// guest is one run, seen from the host. It belongs to one goroutine.
type guest struct {
	params    []byte // JSON, until the harness has fetched them
	secret    string
	underTest []string // directories with the code under test
	clock     *clock
	events    *events
	output    *output
	memory    *guestMemory
	began     int64           // clock when the parameters were fetched: the case begins
	verdict   *record.Verdict // once there is one
	counter   uint32          // address of the counters of loops and, behind it, of calls; or 0
	most      [2]uint64       // what they have come to
	due       [2]int64        // virtual time by which all of them are paid for
	module    api.Module      // once it has called
	program   *program
	rest      api.Module // nil if nothing in it was called: see split.go
	accused   string     // of a busy loop, why
	pleas     int        // how often it was accused without having answered
	gcs       int
	forced    int // collections in the middle of work
}

type guestKey struct{}

// guestFrom returns the run that a host call belongs to. One host module serves all instances.
func guestFrom(ctx context.Context) *guest { return ctx.Value(guestKey{}).(*guest) }

// hostModule registers the functions.
func hostModule(ctx context.Context, rt wazero.Runtime) error {
	b := rt.NewHostModuleBuilder("raftlab")
	export := func(name string, params, results int, f func(g *guest, m api.Module, stack []uint64)) {
		types := []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
			f(guestFrom(ctx), m, stack)
		}), types[:params], types[:results]).Export(name)
	}
	export("params", 2, 1, func(g *guest, m api.Module, stack []uint64) {
		stack[0] = uint64(g.giveParams(m, uint32(stack[0]), uint32(stack[1])))
	})
	export("event", 2, 0, func(g *guest, m api.Module, stack []uint64) {
		if line, ok := text(m, stack); ok {
			g.events.add(line)
		}
	})
	export("detail", 2, 0, func(g *guest, m api.Module, stack []uint64) {
		if line, ok := text(m, stack); ok {
			g.events.detail(line)
		}
	})
	export("verdict", 2, 0, func(g *guest, m api.Module, stack []uint64) {
		if line, ok := text(m, stack); ok {
			g.judge(line)
		}
	})
	export("watch", 1, 0, func(g *guest, m api.Module, stack []uint64) {
		g.module, g.counter = m, uint32(stack[0])
	})
	export("yield", 0, 0, func(g *guest, _ api.Module, _ []uint64) { g.clock.loop() })
	export("spin", 2, 0, func(g *guest, m api.Module, stack []uint64) {
		if report, ok := text(m, stack); ok {
			g.spinning(string(report))
		}
	})
	export("gc", 1, 0, func(g *guest, m api.Module, stack []uint64) {
		if uint32(stack[0]) == wantRest {
			g.loadRest(m)
			return
		}
		if g.gcs++; uint32(stack[0]) == 0 {
			g.forced++
		}
	})
	export("clock", 1, 0, func(g *guest, m api.Module, stack []uint64) {
		g.clock.shown, g.clock.at = m.Memory(), uint32(stack[0])
	})
	export("flood", 0, 0, func(g *guest, _ api.Module, _ []uint64) { g.flooded() })
	_, err := b.Instantiate(ctx)
	return err
}

// text returns the bytes that a call is about; they stay valid during the call.
func text(m api.Module, stack []uint64) ([]byte, bool) {
	length := uint32(stack[1])
	if length > maxText {
		return nil, false
	}
	return m.Memory().Read(uint32(stack[0]), length)
}

// giveParams copies the parameters into the guest, if they fit, and forgets them: the secret is
// told once, to whoever asks first, and the harness asks before any code under test runs a case.
func (g *guest) giveParams(m api.Module, at, capacity uint32) uint32 {
	n := uint32(len(g.params))
	if n > 0 && n <= capacity && m.Memory().Write(at, g.params) {
		g.params = nil
		g.began = g.clock.now
		g.clock.told = 0 // what was read as packages were initialized is not the run's
	}
	return n
}

// judge takes a verdict. The first that carries the secret ends the guest; one without it can only
// come from code that has no business here.
func (g *guest) judge(line []byte) {
	var v record.Verdict
	if err := json.Unmarshal(line, &v); err != nil || v.Secret != g.secret {
		v = record.Verdict{Outcome: record.Tampering, Time: g.clock.since(g.began),
			Message: "something other than the harness reported a verdict"}
	}
	v.Secret = ""
	g.end(v)
}

// end stops the guest; it does not return.
func (g *guest) end(v record.Verdict) {
	if g.verdict == nil {
		g.verdict = &v
	}
	panic(sys.NewExitError(0))
}

// flooded ends the run because there is too much of something.
func (g *guest) flooded() {
	v, ok := flood(g.underTest, string(g.output.tail))
	if !ok {
		v = frameworkError(errors.New("the Go runtime counted too much of something that the engine does not know"))
	}
	v.Time = g.clock.since(g.began)
	g.end(v)
}

// idle is called whenever the guest waits.
func (g *guest) idle() {
	if g.program != nil {
		g.program.virtual.Store(int64(g.clock.virtual()))
	}
	for i := range g.most {
		if at := g.counter + uint32(8*i); g.counter != 0 {
			n, _ := g.module.Memory().ReadUint64Le(at)
			g.most[i] = max(g.most[i], n)
			g.module.Memory().WriteUint64Le(at, 0)
			if n < accusedCount {
				g.due[i] = max(g.due[i], g.clock.now) + int64(n)*roundCost
			}
			if g.due[i]-g.clock.now > roundBurst*roundCost {
				g.accuse(i, tooManyRounds[i])
			}
		}
	}
}

// A loop may pause before it has gone round too often, and so go on for ever. So there may be a
// thousand million rounds at once, and a hundred million more in each second of virtual time; and as
// many calls. (overlay/bubble.go.txt has the same numbers.)
const (
	roundBurst = 1_000_000_000
	roundCost  = 10 // ns of virtual time
)

var tooManyRounds = [2]string{
	"goes round over and over, and pauses for so short a time that time hardly passes",
	"is called over and over, with pauses so short that time hardly passes",
}

// maxPleas is how many more signs of a busy loop are let pass while no loop of the code under test
// comes by to report where it is.
const maxPleas = 100_000

// accuse says that the guest makes no progress. The next watched loop, or the next function, will
// tell where it is: counter 0 is that of loops, and 1 that of calls.
func (g *guest) accuse(counter int, why string) {
	g.accused = why
	if g.pleas++; g.pleas > maxPleas || g.counter == 0 {
		g.busy("the code under test "+why, "")
	}
	g.module.Memory().WriteUint64Le(g.counter+uint32(8*counter), accusedCount)
}

// accusedCount is more than the loop counter can come to by itself; package backedge knows it too.
const accusedCount = 1<<62 + 1

// spinning takes the report of package backedge: which loop or function, what it has done, stacks.
func (g *guest) spinning(report string) {
	who, rest, _ := strings.Cut(report, "\n")
	deed, stacks, _ := strings.Cut(rest, "\n")
	message := who + " " + deed + ", and nothing ever waited"
	if g.accused != "" {
		message = who + " " + g.accused
	}
	g.busy(message, stacks)
}

// busy ends the run as a busy loop.
func (g *guest) busy(message, stacks string) {
	g.end(record.Verdict{Outcome: record.BusyLoop, Rule: "busy loop", Message: message, Stack: stacks,
		Time: g.clock.since(g.began)})
}
