package stacks

import "slices"

// Owner says who answers for the function; a call that is not there is Go's.
func (f Frame) Owner() Owner {
	if f.Function == "" {
		return Go
	}
	return OwnerOf(f.Package())
}

// UnderTest returns the innermost function of the code under test on g's stack, or that which
// started the goroutine.
func (g Goroutine) UnderTest() (Frame, bool) {
	for _, f := range g.Frames {
		if f.Owner() == UnderTest {
			return f, true
		}
	}
	return g.Creator, g.Creator.Owner() == UnderTest
}

// Ours says whether the goroutine that brought a process down, which is printed first, has nothing
// of the code under test on its stack.
func Ours(stack string) bool {
	gs := Parse(stack)
	if len(gs) == 0 {
		return false
	}
	_, theirs := gs[0].UnderTest()
	return !theirs
}

// StartedInTester says whether a panic on this stack, that of a deferred function, began in the
// tester, in a hook that the code under test called.
func StartedInTester(stack string) bool {
	frames := leftBehind(stack)
	origin := slices.IndexFunc(frames, func(f Frame) bool { return f.Package() != "runtime" && f.Package() != "panic" })
	return origin >= 0 && frames[origin].Owner() == Tester
}

// Theirs says whether a panic on this stack, that of a deferred function, passed a call of the code
// under test.
func Theirs(stack string) bool {
	return slices.ContainsFunc(leftBehind(stack), func(f Frame) bool { return f.Owner() == UnderTest })
}

// ExitedBy says whether a goroutine whose deferred function has this stack is left by
// runtime.Goexit, and not by a panic. What recover returns does not tell: nil can be the value of a
// panic.
func ExitedBy(stack string) bool {
	frames := leftBehind(stack)
	return len(frames) > 0 && frames[0].Function == "runtime.Goexit"
}

// leftBehind returns the calls that a deferred function with this stack does not return to, inmost
// first: the first is what is unwinding them.
func leftBehind(stack string) []Frame {
	gs := Parse(stack)
	if len(gs) == 0 {
		return nil
	}
	frames := gs[0].Frames
	at := slices.IndexFunc(frames, func(f Frame) bool {
		return f.Function == "panic" || f.Function == "runtime.gopanic" || f.Function == "runtime.Goexit"
	})
	if at < 0 {
		return nil
	}
	return frames[at:]
}
