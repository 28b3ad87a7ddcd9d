package peaks

// The engines replace this file where the Go runtime counts.

func read(goroutines, timers, turns, writes, printed, rounds, calls *uint64) {}
