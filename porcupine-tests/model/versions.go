package model

import (
	"cmp"
	"slices"

	"raftlab/kvapi"
)

// versionsRefuted says whether the versions of a versioned history contradict each other. A version
// is given once, by the put that names the one before it, and versions only grow: so these contradictions
// prove that a history is not linearizable, however many puts of unknown outcome it has. A search
// would try all sets of those first.
func versionsRefuted(ops []Op) bool {
	return versionsUnexplained(ops) || versionsGoBack(ops)
}

// versionsUnexplained says whether a read has what no put can have written by then, or two puts were told
// that they made the same version.
func versionsUnexplained(ops []Op) bool {
	type written struct {
		version kvapi.Version
		value   string
	}
	earliest := map[written]int{} // the first call of a put that may have written it
	made := map[kvapi.Version]string{}
	seen := map[kvapi.Version]bool{}
	for i := range ops {
		op := &ops[i]
		if op.Kind != Put || op.Err != kvapi.OK && !op.Unknown() {
			continue
		}
		w := written{op.Version + 1, op.Value}
		if at, ok := earliest[w]; !ok || op.Call < at {
			earliest[w] = op.Call
		}
		if !op.Unknown() {
			if seen[w.version] {
				return true
			}
			seen[w.version], made[w.version] = true, op.Value
		}
	}
	for i := range ops {
		op := &ops[i]
		if op.Kind != Get || op.Open || op.Err != kvapi.OK {
			continue
		}
		if at, ok := earliest[written{op.GotVersion, op.Got}]; !ok || at > op.Return {
			return true
		}
		if seen[op.GotVersion] && made[op.GotVersion] != op.Got {
			return true
		}
		seen[op.GotVersion], made[op.GotVersion] = true, op.Got
	}
	return false
}

// versionsGoBack says whether an operation met a version that was already over when it was asked for.
func versionsGoBack(ops []Op) bool {
	type moment struct {
		call, end   int
		found, left kvapi.Version
	}
	var all []moment
	for i := range ops {
		op := &ops[i]
		switch {
		case op.Unknown():
		case op.Kind == Put && op.Err == kvapi.OK:
			all = append(all, moment{op.Call, op.Return, op.Version, op.Version + 1})
		case op.Kind == Get && op.Err == kvapi.OK:
			all = append(all, moment{op.Call, op.Return, op.GotVersion, op.GotVersion})
		case op.Err == kvapi.ErrNoKey:
			all = append(all, moment{op.Call, op.Return, 0, 0})
		}
	}
	byEnd := slices.Clone(all)
	slices.SortFunc(all, func(a, b moment) int { return cmp.Compare(a.call, b.call) })
	slices.SortFunc(byEnd, func(a, b moment) int { return cmp.Compare(a.end, b.end) })
	var floor kvapi.Version
	next := 0
	for _, m := range all {
		for ; next < len(byEnd) && byEnd[next].end < m.call; next++ {
			floor = max(floor, byEnd[next].left)
		}
		if m.found < floor {
			return true
		}
	}
	return false
}
