// Package blocks notes which blocks of the code under test have run.
//
// The engine compiles that code with one call at the beginning of each block, which is a list of
// statements of which the first never runs without the others, if a build asks for it
// (sim.Build.Blocks). A run's verdict carries the answer.
package blocks

// most is how many blocks are told apart. Those beyond count as not run.
const most = 1 << 15

var (
	ran [most]bool
	any bool
)

// Ran notes that a block runs. It is small enough to be inlined.
func Ran(n int) {
	if n < most {
		ran[n], any = true, true
	}
}

// Taken has a bit for each block, the first in the lowest bit of the first byte. It is nil if the
// build did not ask for that.
func Taken() []byte {
	if !any {
		return nil
	}
	bits := make([]byte, most/8)
	last := 0
	for n, r := range ran {
		if r {
			bits[n/8] |= 1 << (n % 8)
			last = n / 8
		}
	}
	return bits[:last+1]
}
