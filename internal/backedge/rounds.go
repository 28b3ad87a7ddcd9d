//go:build wasip1 || raftlab_native

package backedge

import "strconv"

// rounds says what a loop has done, unless the host has said it.
func rounds(n uint64) string {
	if n >= accused {
		return ""
	}
	return "went round " + strconv.FormatUint(n, 10) + " times"
}
