package globals

// Seed makes the seed of a generator in a package variable another one for each owner.
func Seed(seed int64) int64 { return int64(mix(uint64(seed))) }

// Seed64 is Seed for other generators.
func Seed64(seed uint64) uint64 { return mix(seed) }

func mix(seed uint64) uint64 {
	x := owner()
	if x == 0 {
		return seed
	}
	x *= 0x9e3779b97f4a7c15 // neighbours shall differ in many bits
	return seed ^ x ^ x>>29
}

// Seed256 is Seed for still others.
func Seed256(seed [32]byte) [32]byte {
	for i, x := 0, mix(0); i < 8; i++ {
		seed[i] ^= byte(x >> (8 * i))
	}
	return seed
}
