package shardctrler

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"raftlab/kvraft/rsm"
)

// opKind is what an operation does.
type opKind string

const (
	opJoin  opKind = "join"
	opLeave opKind = "leave"
	opMove  opKind = "move"
)

// op is an operation that makes a configuration, as it stands in the log. Queries are none: see
// rsm.Read.
type op struct {
	kind       opKind
	groups     map[int][]string // opJoin
	gids       []int            // opLeave
	shard, gid int              // opMove
}

// result is what an operation came to. Its field is exported for gob: results are kept in the
// session table, which is a part of snapshots.
type result struct {
	Num int // of the latest configuration after it
}

// codec writes operations so that a person can read them in a trace:
//
//	join 1 "s1" "s2" 2 "t1"
//	leave 1 2
//	move 3 1
//
// Groups are sorted, so that equal operations give equal entries.
var codec = rsm.Codec[op]{Append: appendOp, Parse: parseOp}

func appendOp(b []byte, o op) []byte {
	b = append(b, o.kind...)
	number := func(n int) { b = strconv.AppendInt(append(b, ' '), int64(n), 10) }
	switch o.kind {
	case opJoin:
		for _, gid := range slices.Sorted(maps.Keys(o.groups)) {
			number(gid)
			for _, server := range o.groups[gid] {
				b = strconv.AppendQuote(append(b, ' '), server)
			}
		}
	case opLeave:
		for _, gid := range o.gids {
			number(gid)
		}
	case opMove:
		number(o.shard)
		number(o.gid)
	}
	return b
}

func parseOp(b []byte) (o op, err error) {
	word, rest, _ := strings.Cut(string(b), " ")
	switch o.kind = opKind(word); o.kind {
	case opJoin:
		o.groups, err = parseGroups(rest)
	case opLeave:
		o.gids, err = parseNumbers(rest)
	case opMove:
		var n []int
		if n, err = parseNumbers(rest); err == nil && len(n) != 2 {
			err = fmt.Errorf("%d numbers where a move has a shard and a group", len(n))
		}
		if err == nil {
			o.shard, o.gid = n[0], n[1]
		}
	default:
		err = fmt.Errorf("unknown operation %q", word)
	}
	return o, err
}

// parseNumbers reads numbers with blanks between them.
func parseNumbers(text string) (numbers []int, err error) {
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// parseGroups reads groups: each a number, and the names of its servers, quoted.
func parseGroups(text string) (map[int][]string, error) {
	groups := map[int][]string{}
	gid := 0
	for text != "" {
		if text[0] != '"' {
			word, rest, _ := strings.Cut(text, " ")
			n, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			gid, text, groups[n] = n, rest, nil
			continue
		}
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, err
		}
		server, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		groups[gid] = append(groups[gid], server)
		text = strings.TrimPrefix(text[len(quoted):], " ")
	}
	return groups, nil
}
