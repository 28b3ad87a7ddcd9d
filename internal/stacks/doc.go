// Package stacks reads the stack dumps of the Go runtime, and says whose the code on them is. A
// crash, a goroutine that is left over and a run that stands still are blamed by what stands here:
//
//   - stacks.go: dumps as goroutines and calls
//   - owners.go: the table of packages and their owners
//   - blame.go: whose fault a stack is
package stacks
