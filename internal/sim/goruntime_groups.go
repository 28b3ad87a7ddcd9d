package sim

// The engines, as runtimeGroup.only names them.
const (
	wasmEngine   = "wasm"
	nativeEngine = "native"
)

var runtimeGroups = []runtimeGroup{
	{
		name:    "test main",
		without: "test binaries are larger, and take longer to build and to start",
		rewrite: map[string]func([]byte) ([]byte, error){testMain: smallTestMain},
	},
	{
		// What is decided by chance is a hash of the run, of the goroutine or timer that it is
		// about, and of how many of the kind there were for it.
		name:    "chance",
		without: "printing, making and ranging over maps change the random numbers that follow, and one decision more changes all others",
		source:  "chance",
		edits: []runtimeEdit{
			{"runtime/rand.go", "\tglobalRand.init = true\n\tunlock(&globalRand.lock)\n",
				"\tglobalRand.init = true\n\tunlock(&globalRand.lock)\n\traftlabSeed()\n"},
			{"runtime/rand.go", "func rand() uint64 {\n", "func rand() uint64 {\n\tif raftlabHash != 0 {\n\t\treturn raftlabMaps()\n\t}\n"},
			{"math/rand/rand.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"math/rand/v2/rand.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"hash/maphash/maphash_runtime.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"os/tempfile.go", "//go:linkname runtime_rand runtime.rand\n", "//go:linkname runtime_rand runtime.raftlab_rand\n"},
			{"runtime/sema.go", "func internal_sync_nanotime() int64 {\n", "func internal_sync_nanotime() int64 {\n\tif true {\n\t\treturn raftlabNanotime()\n\t}\n"},
			{"runtime/alg.go", "hashkey[i] = uintptr(bootstrapRand())", "hashkey[i] = uintptr(i*0x9e3779b9 + 12345)"},
			{"runtime/select.go", "j := cheaprandn(uint32(norder + 1))", "j := raftlabPick(uint32(norder+1))"},
			{"runtime/runtime2.go", "\tgoid         uint64\n", "\tgoid         uint64\n\traftlabKin   uint64\n\traftlabCounts\n"},
			{"runtime/proc.go", "\tif isSystemGoroutine(newg, false) {\n\t\tsched.ngsys.Add(1)\n\t} else {\n",
				"\tnewg.raftlabKin = 0\n\tif isSystemGoroutine(newg, false) {\n\t\tsched.ngsys.Add(1)\n\t} else {\n\t\traftlabBorn(callergp, newg)\n"},
		},
	},
	{
		name:    "owner",
		without: "all servers of a run share the package variables of the code under test",
		source:  "owner",
		edits: []runtimeEdit{
			{"runtime/runtime2.go", "\tgoid         uint64\n", "\tgoid         uint64\n\traftlabOwner uint64\n"},
			{"runtime/proc.go", "\tnewg.parentGoid = callergp.goid\n", "\tnewg.parentGoid = callergp.goid\n\tnewg.raftlabOwner = callergp.raftlabOwner\n"},
			{"runtime/panic.go", "\t\tif gp != gp.m.g0 {\n\t\t\tprint(\"\\n\")\n", "\t\tif gp != gp.m.g0 {\n\t\t\tprint(\"\\n\")\n\t\t\traftlabDies(gp)\n"},
			{"runtime/debug.go", "func NumGoroutine() int {\n", "func NumGoroutine() int {\n\tif n := raftlabGoroutines(); n >= 0 {\n\t\treturn n\n\t}\n"},
			{"runtime/mstats.go", "func ReadMemStats(m *MemStats) {\n", "func ReadMemStats(m *MemStats) {\n\tif getg().raftlabOwner != 0 {\n\t\t*m = MemStats{}\n\t\treturn\n\t}\n"},
			{"time/sleep.go", "\treturn newTimer(when(d), 0, goFunc, f, nil)\n}\n",
				"\treturn newTimer(when(d), 0, goFunc, &raftlabOwned{f, raftlab_owner()}, nil)\n}\n\n" +
					"type raftlabOwned struct {\n\tf     func()\n\towner uint64\n}\n\n" +
					"//go:linkname raftlab_owner runtime.raftlab_owner\nfunc raftlab_owner() uint64\n\n" +
					"//go:linkname raftlab_setOwner runtime.raftlab_setOwner\nfunc raftlab_setOwner(uint64) uint64\n"},
			{"time/sleep.go", "\tgo arg.(func())()\n",
				"\to := arg.(*raftlabOwned)\n\tbefore := raftlab_setOwner(o.owner)\n\tgo o.f()\n\traftlab_setOwner(before)\n"},
			// On no machine a sleep takes exactly what it was asked for: three sleeps of 50 ms are more than
			// 150 ms. Peers ask whether time.Since(last) > 150*time.Millisecond.
			{"runtime/time.go", "func timeSleep(ns int64) {\n\tif ns <= 0 {\n\t\treturn\n\t}\n",
				"func timeSleep(ns int64) {\n\tif ns <= 0 {\n\t\treturn\n\t}\n\tif getg().raftlabOwner != 0 {\n\t\tns++\n\t}\n"},
			// A flag that a server defines is known to that server only. The command line has none
			// of them, so it keeps its default.
			{"flag/flag.go", "\t\"encoding\"\n", "\t\"encoding\"\n\t_ \"unsafe\"\n"},
			{"flag/flag.go", "func (f *FlagSet) Var(value Value, name string, usage string) {\n",
				"//go:linkname raftlab_owner runtime.raftlab_owner\nfunc raftlab_owner() uint64\n\n" +
					"func (f *FlagSet) Var(value Value, name string, usage string) {\n\tif f == CommandLine && raftlab_owner() != 0 {\n\t\treturn\n\t}\n"},
		},
	},
	{
		// What a library function has used and put aside, it hands to the next one that asks: a
		// buffer that one server's writer has kept would become another's, and memory that both can
		// see is a channel past the network. So nothing is put aside.
		name:    "pools",
		without: "library functions use buffers again, and servers could leave something for each other there",
		edits: []runtimeEdit{
			{"sync/pool.go", "func (p *Pool) Put(x any) {\n", "func (p *Pool) Put(x any) {\n\tif true {\n\t\treturn\n\t}\n"},
			{"sync/pool.go", "func (p *Pool) Get() any {\n", "func (p *Pool) Get() any {\n\tif p.New != nil {\n\t\treturn p.New()\n\t}\n\tif true {\n\t\treturn nil\n\t}\n"},
		},
	},
	{
		// What the standard library keeps for everybody, and shows: the remains of a random number,
		// where things are in memory, slices of its own that it hands out (to somebody's Write,
		// UnmarshalJSON, or Bytes), which types have been sent. The last has a bound, and so what can
		// be told by it.
		name:    "shared",
		without: "servers could leave something for each other in the standard library: rand.Read, addresses that are printed, gob's types, slices of its own that it hands out",
		needs:   "owner",
		edits: []runtimeEdit{
			{"bufio/scan.go", "\treturn 1, errorRune, nil\n", "\treturn 1, []byte(string(utf8.RuneError)), nil\n"},
			{"encoding/json/decode.go", "d.literalStore(nullLiteral, subv, false)", "d.literalStore([]byte(\"null\"), subv, false)"},
			{"text/tabwriter/tabwriter.go", "\tn, err := b.output.Write(buf)\n", "\tn, err := b.output.Write(append([]byte(nil), buf...))\n"},
			{"hash/crc32/crc32.go", "\t\treturn IEEETable\n\tcase Castagnoli:\n\t\tcastagnoliInitOnce()\n\t\treturn castagnoliTable\n",
				"\t\town := *IEEETable\n\t\treturn &own\n\tcase Castagnoli:\n\t\tcastagnoliInitOnce()\n\t\town := *castagnoliTable\n\t\treturn &own\n"},
			{"hash/crc64/crc64.go", "\t\treturn &slicing8TableISO[0]\n\tcase ECMA:\n\t\treturn &slicing8TableECMA[0]\n",
				"\t\town := slicing8TableISO[0]\n\t\treturn &own\n\tcase ECMA:\n\t\town := slicing8TableECMA[0]\n\t\treturn &own\n"},
			// What the local time zone is gets known when somebody first asks, and %#v shows whether.
			{"time/zoneinfo.go", "var localOnce sync.Once\n", "var localOnce sync.Once\n\nfunc init() { localOnce.Do(initLocal) }\n"},
			// Who asks for signals first starts a goroutine for all, and would see one more than others.
			{"os/signal/signal.go", "\t\"sync\"\n)\n", "\t\"sync\"\n\t_ \"unsafe\"\n)\n\n" +
				"//go:linkname raftlab_setOwner runtime.raftlab_setOwner\nfunc raftlab_setOwner(uint64) uint64\n"},
			{"os/signal/signal.go", "\t\tgo watchSignalLoop()\n",
				"\t\tbefore := raftlab_setOwner(0)\n\t\t\t\t\t\tgo watchSignalLoop()\n\t\t\t\t\t\traftlab_setOwner(before)\n"},
			{"math/rand/rand.go", "func Read(p []byte) (n int, err error) { return globalRand().Read(p) }\n",
				"func Read(p []byte) (n int, err error) { return New(&runtimeSource{}).Read(p) }\n"},
			{"fmt/print.go", "\t\"unicode/utf8\"\n", "\t\"unicode/utf8\"\n\t_ \"unsafe\"\n"},
			{"fmt/print.go", "func (p *pp) fmtPointer(", "//go:linkname raftlab_owner runtime.raftlab_owner\nfunc raftlab_owner() uint64\n\nfunc (p *pp) fmtPointer("},
			{"fmt/print.go", "\t\tu = uintptr(value.UnsafePointer())\n\tdefault:\n",
				"\t\tif u = uintptr(value.UnsafePointer()); u != 0 && raftlab_owner() != 0 {\n\t\t\tu = 0xc0000000\n\t\t}\n\tdefault:\n"},
			{"encoding/gob/type.go", "\tnextId := typeId(len(idToTypeSlice))\n\ttyp.setId(",
				"\tnextId := typeId(len(idToTypeSlice))\n\tif nextId > firstUserId+raftlabMost {\n\t\tpanic(\"raftlab: more than 400 types are sent or stored in one run\")\n\t}\n\ttyp.setId("},
			{"encoding/gob/type.go", "\t// Store the name and type provided by the user....\n",
				"\tif _, known := nameToConcreteType.Load(name); !known && raftlabNames.Add(1) > raftlabMost {\n" +
					"\t\tpanic(\"raftlab: more than 400 names of types are registered, or tried, in one run\")\n\t}\n\t// Store the name and type provided by the user....\n"},
			{"encoding/gob/type.go", "const firstUserId = 64 ", "// raftlabMost is how many types and names of types there may be in a run.\nconst raftlabMost = 400\n\nvar raftlabNames atomic.Int32\n\nconst firstUserId = 64 "},
		},
	},
	{
		// What one server has set of the common logger another could find out: whether a line comes
		// back with an error, whether a value is asked for its text. So each has a logger of its
		// own, which begins as the program's init functions have left the common one.
		name:    "logger",
		without: "servers could leave something for each other in the common logger of package log",
		needs:   "owner",
		edits: []runtimeEdit{
			{"log/log.go", "\t\"time\"\n)\n", "\t\"time\"\n\t_ \"unsafe\"\n)\n"},
			{"log/log.go", "var std = New(os.Stderr, \"\", LstdFlags)\n", "var std = New(os.Stderr, \"\", LstdFlags)\n" + loggers},
			{"log/log.go", "func (l *Logger) SetOutput(w io.Writer) {\n", "func (l *Logger) SetOutput(w io.Writer) {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "func (l *Logger) Writer() io.Writer {\n", "func (l *Logger) Writer() io.Writer {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "func (l *Logger) SetFlags(flag int) {\n", "func (l *Logger) SetFlags(flag int) {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "func (l *Logger) Flags() int {\n", "func (l *Logger) Flags() int {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "func (l *Logger) SetPrefix(prefix string) {\n", "func (l *Logger) SetPrefix(prefix string) {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "func (l *Logger) Prefix() string {\n", "func (l *Logger) Prefix() string {\n\tl = l.raftlabOwn()\n"},
			{"log/log.go", "appendOutput func([]byte) []byte) error {\n", "appendOutput func([]byte) []byte) error {\n\tl = l.raftlabOwn()\n"},
		},
	},
	{
		name:    "order",
		without: "goroutines run first in, first out, for every seed",
		needs:   "chance",
		source:  "order",
		edits: []runtimeEdit{
			{"runtime/runtime2.go", "\tgoid         uint64\n", "\tgoid         uint64\n\traftlabPlace uint64\n"},
			{"runtime/proc.go",
				"makes the item available for consumption\n\t\treturn\n\t}\n\tif runqputslow(",
				"makes the item available for consumption\n\t\traftlabQueue(pp, gp, h, t)\n\t\treturn\n\t}\n\tif runqputslow("},
		},
	},
	{
		// Timers of one instant fire in an order that is drawn when each is set, whatever the shape
		// of the heap. One that is due when it is set fires within the call, as in a
		// testing/synctest bubble. What a timer starts descends from the goroutine that made it.
		name:    "timers",
		without: "timers of one instant fire in the order of the heap",
		needs:   "chance",
		source:  "timers",
		edits: []runtimeEdit{
			{"runtime/time.go", "\trand    uint32 // randomizes order", "\traftlab raftlabTimer\n\trand    uint32 // randomizes order"},
			{"runtime/time.go", "\t\tt.init(goroutineReady, gp)\n", "\t\tt.init(goroutineReady, gp)\n\t\tt.raftlabSleeps(gp)\n"},
			{"runtime/time.go", "\tt.timer.init(nil, nil)\n", "\tt.timer.init(nil, nil)\n\tt.raftlabMade()\n"},
			{"runtime/time.go", "\tt.trace(\"modify\")\n", "\tt.trace(\"modify\")\n\tt.raftlabSet()\n"},
			{"runtime/time.go", "\twake := false\n\tpending := t.when > 0\n", "\tt.raftlabTakeOut(when)\n\twake := false\n\tpending := t.when > 0\n"},
			{"runtime/time.go", "\tif add && t.isFake {\n", "\tif add && t.raftlabDue() {\n\t\tt.raftlabFire(async)\n\t\treturn pending\n\t}\n\tif add && t.isFake {\n"},
			{"runtime/time.go", "\tif t.needsAdd() {\n\t\tif t.isFake {\n", "\tif t.needsAdd() {\n\t\tt.rand = t.raftlab.rank\n\t\tif t.isFake && !t.raftlab.ours {\n"},
			{"runtime/time.go", "\t\tts.heap[0].when = t.when\n", "\t\tts.heap[0].when = t.when\n\t\tt.rand = t.raftlab.rank\n"},
			{"runtime/time.go", "\t\t\ttw.when = t.when\n\t\t\tt.state &^= timerModified\n", "\t\t\ttw.when = t.when\n\t\t\tt.rand = t.raftlab.rank\n\t\t\tt.state &^= timerModified\n"},
			{"runtime/time.go", "\tf(arg, seq, delay)\n", "\tt.raftlabFires()\n\tf(arg, seq, delay)\n"},
		},
	},
	{
		name:    "yields",
		without: "no goroutine of the code under test is interrupted where it synchronizes, whatever the seed",
		needs:   "chance",
		source:  "yields",
	},
	{
		// crypto/rand gives numbers of the run, too: the usual clerk draws its name from there.
		name:    "bytes",
		without: "crypto/rand reads the host's random bytes",
		needs:   "chance",
		edits: []runtimeEdit{
			{"crypto/internal/sysrand/rand.go", "var testingOnlyFailRead bool\n", "var testingOnlyFailRead bool\n\n//go:linkname raftlab_bytes runtime.raftlab_bytes\nfunc raftlab_bytes([]byte) bool\n"},
			{"crypto/internal/sysrand/rand.go", "func Read(b []byte) {\n", "func Read(b []byte) {\n\tif raftlab_bytes(b) {\n\t\treturn\n\t}\n"},
		},
	},
	{
		// An ordinary stack begins with 2 KiB and doubles. A simulated call starts several
		// goroutines, each of which would copy its stack twice.
		name:    "stacks",
		without: "goroutines grow their stacks step by step, which takes a sixth of the time",
		edits: []runtimeEdit{
			{"runtime/stack.go", "var startingStackSize uint32 = fixedStack\n", "var startingStackSize uint32 = 4 * fixedStack\n"},
		},
	},
	{
		name:    "collect",
		only:    wasmEngine,
		without: "garbage collections change the order of goroutines, and are not counted",
		needs:   "chance",
		source:  "collect",
		edits:   collectEdits,
	},
	{
		name:    "idle",
		only:    wasmEngine,
		without: "garbage is collected in the middle of work",
		needs:   "collect",
		source:  "guest",
		edits: []runtimeEdit{
			{"runtime/lock_wasip1.go", "func beforeIdle(int64, int64) (*g, bool) {\n\treturn nil, false\n}\n", "func beforeIdle(now, _ int64) (*g, bool) {\n\treturn raftlabIdle(now), false\n}\n"},
		},
	},
	{
		// Counts of what a program can have too much of, and how a run ends then.
		name:    "floods",
		without: "floods of goroutines, timers, output and collections end by the processor time they take, without a verdict",
		needs:   "timers",
		source:  "floods",
		edits: []runtimeEdit{
			{"runtime/runtime2.go", "\tgoid         uint64\n", "\tgoid         uint64\n\traftlabLive bool\n"},
			{"runtime/proc.go", "\t\traftlabBorn(callergp, newg)\n", "\t\traftlabBorn(callergp, newg)\n\t\traftlabMore(newg)\n"},
			{"runtime/proc.go", "\tcasgstatus(gp, _Grunning, _Gdead)\n\tgcController.addScannableStack(", "\traftlabLess(gp)\n\tcasgstatus(gp, _Grunning, _Gdead)\n\tgcController.addScannableStack("},
			{"runtime/proc.go", "func execute(gp *g, inheritTime bool) {\n", "func execute(gp *g, inheritTime bool) {\n\traftlabTurn(gp)\n"},
			{"runtime/time.go", "\tts.heap = append(ts.heap, timerWhen{t, t.when})\n", "\tts.heap = append(ts.heap, timerWhen{t, t.when})\n\traftlabTimers(len(ts.heap) - int(ts.zombies.Load()))\n"},
			{"runtime/proc.go", "func Gosched() {\n", "func Gosched() {\n\traftlabGives()\n"},
			{"runtime/mgc.go", "func GC() {\n", "func GC() {\n\traftlabAsked()\n"},
			{"runtime/time.go", "\tt.raftlabFires()\n", "\tt.raftlabFires()\n\traftlabWent()\n"},
			{"runtime/time.go", "\tt.raftlabSet()\n", "\tt.raftlabSet()\n\tif t.raftlab.ours {\n\t\traftlabSets(t)\n\t}\n"},
			{"runtime/print.go", "\tif gp == nil || gp.writebuf == nil || gp.m.dying > 0 {\n", "\tif gp == nil || gp.writebuf == nil || gp.m.dying > 0 {\n\t\tif gp != nil {\n\t\t\traftlabPrinted(len(b))\n\t\t}\n"},
			{"internal/poll/fd_unix.go", "func (fd *FD) Write(p []byte) (int, error) {\n",
				"func raftlab_wrote(fd, n int)\n\nfunc (fd *FD) Write(p []byte) (int, error) {\n\traftlab_wrote(fd.Sysfd, len(p))\n"},
		},
	},
	{
		// The Go runtime ends a program that panics with the code 2, and so can a program, after
		// printing the same words. Where it has asked for its end it is told from one that has
		// crashed: the code is a larger number then.
		name:    "exits",
		only:    wasmEngine,
		without: "code that prints a crash of the harness and calls os.Exit is taken for that crash",
		edits: []runtimeEdit{
			{"runtime/runtime.go", "func syscall_Exit(code int) {\n", "func syscall_Exit(code int) {\n\tcode = code&0xff | 1<<8\n"},
		},
	},
	{
		// The last words of a run go to standard error, and tell what it has died of.
		name:    "words",
		without: "code that closes its output also hides why its run has ended",
		edits: []runtimeEdit{
			{"internal/poll/fd_unix.go", "func (fd *FD) Close() error {\n", "func (fd *FD) Close() error {\n\tif 0 <= fd.Sysfd && fd.Sysfd <= 2 {\n\t\treturn nil\n\t}\n"},
		},
	},
	atomicsGroup,
	oneThreadGroup,
	clockGroup,
	{
		name:    "floods end",
		only:    wasmEngine,
		without: "floods have no end",
		needs:   "floods",
		source:  "floodguest",
		edits:   []runtimeEdit{garbageEdit},
	},
}

// garbageEdit counts the collections that had to be made in the middle of work. It is about what
// collectEdits have put there.
var garbageEdit = runtimeEdit{"runtime/mgc.go", "\traftlabCollects()\n",
	"\tif trigger.kind == gcTriggerHeap && !raftlabGC.wanted {\n\t\traftlabThrown()\n\t}\n\traftlabCollects()\n"}

// loggers is what package log gets for the group "logger". The common logger has a second name,
// since the first one's initial value may not lead back to it.
const loggers = `
var (
	raftlabStd *Logger
	raftlabMu  sync.Mutex
	raftlabOf  = map[uint64]*Logger{} // by owner
)

func init() { raftlabStd = std }

//go:linkname raftlab_owner runtime.raftlab_owner
func raftlab_owner() uint64

// raftlabOwn is the logger that stands for l: another one for each owner, if l is the common one.
func (l *Logger) raftlabOwn() *Logger {
	o := raftlab_owner()
	if l != raftlabStd || l == nil || o == 0 {
		return l
	}
	raftlabMu.Lock()
	defer raftlabMu.Unlock()
	own := raftlabOf[o]
	if own == nil {
		own = &Logger{out: l.out}
		own.prefix.Store(l.prefix.Load())
		own.flag.Store(l.flag.Load())
		own.isDiscard.Store(l.isDiscard.Load())
		if o < 1<<40 { // not that of a message, which is gone soon
			raftlabOf[o] = own
		}
	}
	return own
}
`
