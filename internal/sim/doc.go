// Package sim is the deterministic engine: it runs a Go test binary, compiled to WebAssembly, so
// that time, randomness and the order of goroutines are functions of one seed.
//
//	Build ----> Binary: sources -> vet -> rewrite -> go test -c -overlay -> cache
//	                                                    |
//	Pool -----> worker process                          v
//	              one instance per run:      +-- the guest ----------------------+
//	              clock, random numbers, --> | the Go runtime, slightly edited   |
//	              memory, host calls     <-- | the harness and the code under    |
//	                                         | test, which cannot reach the host |
//	                                         +-----------------------------------+
//	Result <--- verdict, hash of the trace, virtual time, last output
//
// A run is identified by (binary, case, seed). Nothing else may change it: not what the code
// under test prints, nor how it uses maps and memory, nor how busy the machine is.
//
// How the promise is kept:
//
//   - Time stands still while the guest has anything to do, and jumps to the next timer when it has
//     not. Reading the clock is free (clock.go).
//   - Every decision is a hash of the seed, of what it is about, and of how many there were for
//     that; maps get a constant (goruntime.go and the folder overlay).
//   - Garbage is collected when no goroutine is runnable (overlay/collect.go.txt).
//   - A loop that never waits is stopped after so many iterations, not seconds (package backedge).
//
// Where the promise ends: the order in which a map with pointers as keys is ranged over follows the
// addresses, and so what was allocated before, prints included; finalizers and weak pointers show
// when garbage was collected; and a collection in the middle of the program's work, made only when
// memory would run out otherwise, changes the order of goroutines (such runs carry a note).
//
// How the verdict is kept honest: only the harness, through a host call and with a secret, can say
// how a case ended (host.go); the code under test is read before it is compiled, and refused if it
// uses what could reach the secret or the host (vet.go); whatever else ends the guest is a failure
// (ending.go).
//
// Contents:
//
//   - [Build], [Binary], [RefusedError], [CompileError]: compiling (build.go, bounds.go,
//     sources.go, vet.go, rewrite.go, goruntime.go, cache.go)
//   - [Pool], [Job], [Result], [WorkerMain], [DefaultWorkers]: running (pool.go, worker.go,
//     guard.go, run.go, host.go, clock.go, memory.go, events.go, output.go, ending.go, limits.go)
//   - [Doctor], [CacheDir]: looking after it (doctor.go, cache.go)
package sim
