package sim

import (
	"fmt"
	"strings"
)

// noRoom are what systems say where a disk is full, and noLeave where nothing may be written. They
// come as text, because it may be the compiler, or another process of ours, that has met them.
var (
	noRoom  = []string{"no space left on device", "disk quota exceeded", "not enough space on the disk"}
	noLeave = []string{"read-only file system", "permission denied", "access is denied", "not a directory"}
)

// says reports whether one of the phrases is in a text.
func says(text string, phrases []string) bool {
	for _, phrase := range phrases {
		if strings.Contains(strings.ToLower(text), phrase) {
			return true
		}
	}
	return false
}

// advised adds to an error about the place where raftlab keeps what it builds what can be done
// about it.
func advised(err error) error {
	if err == nil {
		return nil
	}
	dir, unknown := CacheDir()
	switch text := err.Error(); {
	case unknown != nil || strings.Contains(text, "RAFTLAB_CACHE"):
	case says(text, noRoom):
		return fmt.Errorf("%w\nthere is no room for what raftlab builds, in %s or where the go command keeps its own: free some, "+
			"or set RAFTLAB_CACHE and GOCACHE to directories on another disk", err, dir)
	case says(text, noLeave) && strings.Contains(text, dir):
		return fmt.Errorf("%w\nraftlab keeps what it builds in %s: set RAFTLAB_CACHE to a directory in which raftlab may write", err, dir)
	}
	return err
}
