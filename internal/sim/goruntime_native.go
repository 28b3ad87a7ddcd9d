package sim

// nativeGroups are the edits that only a process of this machine needs: it has threads, a kernel
// and a clock, and the run in it lives in a testing/synctest bubble. Without any one of them it is
// no repeatable run, so the native engine wants them all.
var nativeGroups = []runtimeGroup{
	{
		name:    "bubble",
		without: "native runs are not repeatable",
		needs:   "timers",
		only:    nativeEngine,
		source:  "bubble",
		edits: []runtimeEdit{
			// The kernel's random bytes, and what a processor can compute of a hash, are not the
			// run's.
			{"runtime/rand.go", "\tseed := &globalRand.seed\n", "\tstartupRand = nil\n\tseed := &globalRand.seed\n\tif true {\n\t\tseed[0] = 7\n\t} else\n"},
			{"runtime/alg.go", "\tif (GOARCH == \"386\" || GOARCH == \"amd64\") &&\n", "\tif false && (GOARCH == \"386\" || GOARCH == \"amd64\") &&\n"},
			{"runtime/alg.go", "\tif GOARCH == \"arm64\" && cpu.ARM64.HasAES {\n", "\tif false && GOARCH == \"arm64\" && cpu.ARM64.HasAES {\n"},
			{"runtime/alg.go", "\t\tkey[i] = bootstrapRand()", "\t\tkey[i] = uint64(i)*0x9e3779b97f4a7c15 + 77"},
			// WebAssembly hashes as machines of 32 bits do: the order of large maps follows from
			// it.
			{"runtime/hash64.go", "//go:build amd64 || arm64 || ", "//go:build "},
			{"runtime/hash32.go", "//go:build 386 || arm || ", "//go:build amd64 || arm64 || 386 || arm || "},
			{"runtime/alg.go", "\thashSize = (1-goarch.IsWasm)*goarch.PtrSize + goarch.IsWasm*4\n", "\thashSize = 4\n"},
			{"runtime/alg.go", "\tif goarch.IsWasm != 0 {\n", "\tif true {\n"},
			{"internal/runtime/maps/map.go", "goarch.PtrSize == 8 && goarch.IsWasm == 0", "false"},
			// As on WebAssembly: first in, first out; and no processor is taken away from a
			// goroutine.
			{"runtime/proc.go", "\tif randomizeScheduler && next && randn(2) == 0 {\n", "\tnext = false\n\tif randomizeScheduler && next && randn(2) == 0 {\n"},
			{"runtime/proc.go", "\t\tif retake(now) != 0 {\n", "\t\tif raftlabHash == 0 && retake(now) != 0 {\n"},
			// The system's monitor has nothing else to do than that: it wakes as rarely as it can.
			{"runtime/proc.go", "\t\tusleep(delay)\n", "\t\tusleep(10 * 1000)\n"},
			// After a collection memory would be given back to the system, bit by bit and by the
			// machine's clock: a goroutine whose turns change when others have theirs.
			{"runtime/mgcscavenge.go", "func (s *scavengerState) wake() {\n", "func (s *scavengerState) wake() {\n\tif raftlabHash != 0 {\n\t\treturn\n\t}\n"},
			// A bubble is idle when nobody can run, also where somebody waits for a mutex, or on a
			// channel from outside.
			{"runtime/runtime2.go", "\twaitReasonSleep:                 true,\n", "\twaitReasonSleep:                 true,\n\twaitReasonSyncMutexLock: true,\n\twaitReasonSyncRWMutexRLock: true,\n\twaitReasonSyncRWMutexLock: true,\n" +
				"\twaitReasonChanReceive: true,\n\twaitReasonChanSend: true,\n\twaitReasonSelect: true,\n\twaitReasonSyncWaitGroupWait: true,\n\twaitReasonSemacquire: true,\n"},
			{"runtime/synctest.go", "\t\t\tgp.bubble.timers.check(bubble.now, bubble)\n", "\t\t\traftlabJumped(bubble)\n\t\t\tgp.bubble.timers.check(bubble.now, bubble)\n"},
			{"runtime/synctest.go", "\t\tgopark(synctestidle_c, nil, waitReasonSynctestRun, traceBlockSynctest, 0)\n",
				"\t\tgopark(synctestidle_c, nil, waitReasonSynctestRun, traceBlockSynctest, 0)\n\t\traftlabIdle()\n"},
			{"runtime/synctest.go", "\t\tif next < bubble.now {\n", "\t\tnext = max(next, bubble.now) // loops move the clock\n\t\tif next < bubble.now {\n"},
			{"runtime/time.go", "\tif bubble := getg().bubble; bubble != nil {\n\t\tsec =", "\traftlabReads(2)\n\tif bubble := getg().bubble; bubble != nil {\n\t\tsec ="},
			// As elsewhere, what is measured goes by a monotonic time, which stands still while the
			// time of day is read.
			{"runtime/time.go", "\t\treturn sec, nsec, 0\n", "\t\treturn raftlabNow(bubble)\n"},
			{"time/time.go", "\tif t.wall&hasMonotonic != 0 && !runtimeIsBubbled() {\n\t\t// Common case optimization: if t has monotonic time, then Sub will use only it.\n\t\treturn subMono(runtimeNano()", "\tif t.wall&hasMonotonic != 0 {\n\t\treturn subMono(runtimeNano()"},
			{"time/time.go", "\tif t.wall&hasMonotonic != 0 && !runtimeIsBubbled() {\n\t\t// Common case optimization: if t has monotonic time, then Sub will use only it.\n\t\treturn subMono(t.ext", "\tif t.wall&hasMonotonic != 0 {\n\t\treturn subMono(t.ext"},
			{"runtime/time.go", "\tgp := getg()\n\tif gp.bubble != nil {\n\t\treturn gp.bubble.now\n", "\traftlabReads(1)\n\tgp := getg()\n\tif gp.bubble != nil {\n\t\treturn gp.bubble.now\n"},
			{"runtime/panic.go", "func startpanic_m() bool {\n", "func startpanic_m() bool {\n\traftlabLast(raftlabFreeze)\n"},
			{"runtime/proc.go", "func os_beforeExit(exitCode int) {\n", "func os_beforeExit(exitCode int) {\n\traftlabExits()\n\traftlabLast(0)\n"},
		},
	},
	{
		name:    "limits",
		without: "native runs keep all their garbage",
		needs:   "bubble",
		only:    nativeEngine,
		source:  "collect",
		edits: append(collectEdits,
			runtimeEdit{"runtime/mheap.go", "\ttotalGrowth := uintptr(0)\n", "\traftlabGrows(ask)\n\ttotalGrowth := uintptr(0)\n"}),
	},
	{
		// A run is so short that a third of its processor time went into page faults of a heap that
		// only grows.
		name:    "huge pages",
		without: "native runs take half as long again",
		only:    nativeEngine,
		edits: []runtimeEdit{{"runtime/mheap.go", "\tsysMap(unsafe.Pointer(v), nBase-v, &gcController.heapReleased, \"heap\")\n",
			"\tsysMap(unsafe.Pointer(v), nBase-v, &gcController.heapReleased, \"heap\")\n\tsysHugePage(unsafe.Pointer(v), nBase-v)\n"}},
	},
	{
		name:    "floods end",
		without: "floods have no end",
		needs:   "floods",
		only:    nativeEngine,
		source:  "floodnative",
		edits:   []runtimeEdit{garbageEdit},
	},
}

// collectEdits let package runtime ask the overlay when to collect garbage.
var collectEdits = []runtimeEdit{
	{"runtime/mgc.go", "\tswitch t.kind {\n\tcase gcTriggerHeap:\n\t\ttrigger, _ := gcController.trigger()\n\t\treturn gcController.heapLive.Load() >= trigger\n",
		"\tif raftlabGC.wanted {\n\t\treturn true\n\t}\n\tswitch t.kind {\n\tcase gcTriggerHeap:\n\t\treturn raftlabDue()\n"},
	{"runtime/mgc.go", "\twork.cycles.Add(1)\n", "\twork.cycles.Add(1)\n\traftlabCollects()\n"},
}
