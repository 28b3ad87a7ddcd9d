package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/record"
)

// Kind is a kind of things that happen to a run from outside.
type Kind string

// The faults of a case, numbered by kind in each cluster.
const (
	Crash      Kind = "crash"       // a peer crashes; ends with its restart
	Restart    Kind = "restart"     // a running peer crashes and starts again at once
	WriteCrash Kind = "write-crash" // a peer crashes at one of its writes
	Pause      Kind = "pause"       // a peer is stopped for others
	Disconnect Kind = "disconnect"  // peers are taken off the network
	Partition  Kind = "partition"   // the network is divided, or given another shape
	Cut        Kind = "cut"         // one direction of one link
	ClientCut  Kind = "client-cut"  // a client does not reach, or does not hear, all servers
	Drift      Kind = "drift"       // a clock runs fast or slow
)

// What is not a fault: what clients or the case ask for, and what the weather does to messages.
const (
	Operation Kind = "operation"
	Loss      Kind = "loss"      // a request or a reply is lost
	Delay     Kind = "delay"     // a request is late by some milliseconds, as on every unreliable network
	Overtaken Kind = "late"      // a reply is overtaken by many later ones
	Duplicate Kind = "duplicate" // a request is delivered twice
)

// Faults are all kinds of faults.
var Faults = []Kind{Crash, Restart, WriteCrash, Pause, Disconnect, Partition, Cut, ClientCut, Drift}

// Weather are all kinds of things that the network does to messages.
var Weather = []Kind{Loss, Delay, Overtaken, Duplicate}

// numbered says that things of the kind have keys.
func (k Kind) numbered() bool { return k == Operation || slices.Contains(Faults, k) }

// Key names one fault or operation of a run.
type Key struct {
	Kind    Kind
	N       int // from 1
	Client  int // whose operation it is, or record.None
	Cluster int // of a case that has several, from 0
}

// String is the key as it stands in a scenario: "crash 3", "operation 4 of c1", "cut 2 in cluster
// 1".
func (k Key) String() string {
	s := fmt.Sprintf("%s %d", k.Kind, k.N)
	if k.Client != record.None {
		s += fmt.Sprintf(" of c%d", k.Client)
	}
	return s + inCluster(k.Cluster)
}

func inCluster(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" in cluster %d", n)
}

// ParseKey reads what [Key.String] writes.
func ParseKey(text string) (Key, error) {
	k := Key{Client: record.None}
	words := strings.Fields(text)
	words, k.Cluster = clusterOf(words)
	if len(words) == 4 && words[2] == "of" {
		n, err := strconv.ParseUint(strings.TrimPrefix(words[3], "c"), 10, 16)
		if err != nil || !strings.HasPrefix(words[3], "c") {
			return k, fmt.Errorf("%q is no client; clients are called c0, c1 and so on", words[3])
		}
		k.Client, words = int(n), words[:2]
	}
	if len(words) != 2 {
		return k, fmt.Errorf("%q names no fault and no operation; it should be like %q or %q", text, "crash 3", "operation 4 of c1")
	}
	n, err := strconv.ParseUint(words[1], 10, 31)
	if err != nil || n == 0 {
		return k, fmt.Errorf("%q is no number; they count from 1", words[1])
	}
	k.Kind, k.N = Kind(words[0]), int(n)
	if !k.Kind.numbered() {
		return k, fmt.Errorf("%q is no kind of faults; there are %s, %s", words[0], join(Faults), Operation)
	}
	return k, nil
}

// clusterOf takes "in cluster 1" off the end.
func clusterOf(words []string) ([]string, int) {
	if n := len(words); n > 3 && words[n-3] == "in" && words[n-2] == "cluster" {
		if c, err := strconv.ParseUint(words[n-1], 10, 16); err == nil {
			return words[:n-3], int(c)
		}
	}
	return words, 0
}

func join(kinds []Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// Call names one call of a run: the n-th from one peer or client to another, from 1.
type Call struct {
	From, To int // clients count from record.FirstClient
	N        uint64
	Cluster  int
}

// String is the call as it stands in a scenario: "17 of 0->2".
func (c Call) String() string {
	return fmt.Sprintf("%d of %s->%s%s", c.N, record.PeerName(c.From), record.PeerName(c.To), inCluster(c.Cluster))
}

// parseCall reads what [Call.String] writes.
func parseCall(words []string) (c Call, err error) {
	words, c.Cluster = clusterOf(words)
	if len(words) != 3 || words[1] != "of" {
		return c, fmt.Errorf("%q names no call; it should be like %q", strings.Join(words, " "), "17 of 0->2")
	}
	if c.N, err = strconv.ParseUint(words[0], 10, 63); err != nil || c.N == 0 {
		return c, fmt.Errorf("%q is no number of a call; they count from 1", words[0])
	}
	from, to, ok := strings.Cut(words[2], "->")
	if ok {
		if c.From, ok = parsePeer(from); ok {
			c.To, ok = parsePeer(to)
		}
	}
	if !ok {
		return c, fmt.Errorf("%q is no way from a peer to another; it should be like 0->2 or c1->0", words[2])
	}
	return c, nil
}

func parsePeer(name string) (int, bool) {
	number, client := strings.CutPrefix(name, "c")
	n, err := strconv.ParseUint(number, 10, 16)
	if client {
		n += record.FirstClient
	}
	return int(n), err == nil
}
