package kvsrv

// Situation is something that can happen to a clerk or to a lock, and that a test case wants to
// have happened; see raft.Situation.
type Situation struct {
	Name    string // as given to raftapi.Reached, where the situation arises
	Meaning string
}

// Situations are all situations that this package and package lock report.
var Situations = []Situation{
	// The clerk (clerk.go)
	{"request sent again", "a request, or the answer to it, was lost"},
	{"version refused after an unanswered try", "a Put was repeated and then refused: ErrMaybe"},

	// The lock (lock/lock.go)
	{"lock was held", "a client had to wait for a lock"},
	{"lock was snatched", "a client saw that a lock was free, and another one was faster"},
	{"lock taken by an unanswered try", "after ErrMaybe a client found that it held the lock already"},
	{"lock given back by an unanswered try", "a release was answered ErrMaybe: its first try had done it"},
}
