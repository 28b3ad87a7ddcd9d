// Package kvraft is a small service in the form of the course.
package kvraft

type Args struct {
	Kind, Key, Value string
	Client           int64
	Seq              int
}

type Reply struct {
	Ok    bool
	Value string
}
