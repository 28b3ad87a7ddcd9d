// Package blocks counts how often each block of the code under test runs.
//
// The engine compiles that code with one call at the beginning of each block, which is a list of
// statements of which the first never runs without the others, if a build asks for it
// (sim.Build.Blocks). A run's verdict carries the answer.
package blocks

import "math"

// most is how many blocks are told apart. Those beyond count as not run.
const most = 1 << 15

var (
	ran [most]uint64
	any bool
)

// Ran notes that a block runs. It is small enough to be inlined.
func Ran(n int) {
	if n < most {
		ran[n]++
		any = true
	}
}

// Taken has a byte for each block: the [Level] of how often it ran. It is nil if the build did not
// ask for that.
func Taken() []byte {
	if !any {
		return nil
	}
	levels := make([]byte, most)
	last := 0
	for n, times := range ran {
		if times > 0 {
			levels[n], last = Level(times), n
		}
	}
	return levels[:last+1]
}

// Level is a count on a scale that fits into a byte: 0 for never, 1 for once, and 4 more for each
// time that it doubles.
func Level(times uint64) byte {
	if times == 0 {
		return 0
	}
	return byte(1 + math.Round(4*math.Log2(float64(times))))
}
