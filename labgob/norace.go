//go:build !race

package labgob

const raceDetector = false
