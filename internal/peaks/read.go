package peaks

// The engines replace this file where the Go runtime counts.

func read(*[10]uint64) {}
