// Package contract says what the years of the course asked of a peer, where they differ.
//
// The peer of every year is called by the same names, and is to keep the rules of the same paper.
// What differs is what the service above it, which is the tester, puts up with. A solution is right
// if it keeps the contract of its own year. So the differences are values, all of them in the table
// below, and no case asks for a year. What no year is given for is strict: whatever passes, passes
// in every year since 2022.
package contract

import (
	"fmt"
	"strings"
)

// Contract is what a service promises to its peer. The zero value promises nothing.
type Contract struct {
	// Year is the year of the course, or "" for [Strict].
	Year string
	// AsksPeer: before the service replaces its state by a snapshot from the apply channel, it asks
	// the peer whether that is still wanted, by CondInstallSnapshot.
	AsksPeer bool
	// IgnoresOld: once there was a snapshot, the service skips commands that it has applied. They
	// are the rest of what a goroutine of the peer had under way when the snapshot overtook it.
	IgnoresOld bool
	// OwnSnapshots: the peer persists its snapshot in any form, and the service never reads it. The
	// service itself outlives a crash, and goes on from what it had applied.
	OwnSnapshots bool
	// Once: the network brings a client's request to a server at most once, as the course's does. A
	// service that knows the latest request of each client by its number alone, and is not ready
	// for an older one, is right there.
	Once bool
	// InOrder: a client is given its ends in the order of the servers. So a server may tell it by a
	// number who leads.
	InOrder bool
	// Processes: a peer is a process, which dies without being asked. So what it has started cannot
	// be told to end, and nobody looks for what is left over.
	Processes bool
}

// Strict is the default. It is the contract of 2023 and later, except that a peer that still has
// CondInstallSnapshot is asked.
var Strict = Contract{AsksPeer: true}

// years are the contracts by year, the oldest first. In 2020 the Raft lab had no snapshots.
var years = []Contract{
	{Year: "2020", AsksPeer: true, Once: true},
	{Year: "2021", AsksPeer: true, IgnoresOld: true, OwnSnapshots: true, Once: true},
	{Year: "2022", AsksPeer: true, Once: true},
	{Year: "2023", Once: true},
	{Year: "2024", Once: true},
	{Year: "2025", Once: true, InOrder: true},
	{Year: "2026", Once: true, InOrder: true, Processes: true},
}

// Years returns the years that have a contract, the oldest first.
func Years() []string {
	var names []string
	for _, c := range years {
		names = append(names, c.Year)
	}
	return names
}

// Of returns the contract of a year, and [Strict] for "". The error lists the years that there are.
func Of(year string) (Contract, error) {
	if year == "" {
		return Strict, nil
	}
	for _, c := range years {
		if c.Year == year {
			return c, nil
		}
	}
	return Contract{}, fmt.Errorf("no year of the course with a contract of its own is called %q; there are %s",
		year, strings.Join(Years(), ", "))
}
