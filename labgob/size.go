package labgob

import (
	"math"
	"math/bits"
)

// The sizes of things in gob's encoding, in bytes.

// uintSize: one byte below 128, otherwise a count and as many bytes as it takes.
func uintSize(x uint64) int {
	if x < 0x80 {
		return 1
	}
	return 1 + (bits.Len64(x)+7)/8
}

// intSize: the sign goes into the lowest bit.
func intSize(i int64) int {
	x := uint64(i) << 1
	if i < 0 {
		x = ^x
	}
	return uintSize(x)
}

// floatSize: the bytes of a float are reversed, so that round numbers are short.
func floatSize(f float64) int { return uintSize(bits.ReverseBytes64(math.Float64bits(f))) }

// blockSize is the size of n bytes with their length in front.
func blockSize(n int) int { return uintSize(uint64(n)) + n }
