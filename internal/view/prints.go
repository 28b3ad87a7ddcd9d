package view

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
)

// stamp begins each line of the output that the engine keeps: the virtual time.
var stamp = regexp.MustCompile(`^ *(\d+\.\d+)s  `)

// whose are ways in which people begin a line with the number of a peer: [2], S2, (2), peer 2,
// server=2, me:2.
var whose = regexp.MustCompile(`(?i)^\W*(?:s|peer|server|node|raft|rf|me|id|kv)?[ :=#-]*(\d{1,3})\b|\b(?:peer|server|node|raft|rf|me|id)[ :=#]*(\d{1,3})\b`)

// ReadPrints reads what the code under test printed, as the engine has kept it (sim.Job.Output).
// Nobody knows which peer printed a line, unless the line says so; peers are those that there are.
func ReadPrints(r io.Reader, peers []int) ([]Print, error) {
	const most = 50_000 // lines; more make a page that nobody reads
	var prints []Print
	now := time.Duration(0)
	input := bufio.NewReaderSize(r, 64<<10)
	for len(prints) < most {
		line, err := input.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if m := stamp.FindStringSubmatch(line); m != nil {
				seconds, _ := strconv.ParseFloat(m[1], 64) // the pattern is a number
				now, line = max(now, time.Duration(seconds*1e9)), line[len(m[0]):]
			}
			prints = append(prints, Print{Time: now, Peer: peerIn(line, peers), Text: line})
		}
		if err == io.EOF {
			return prints, nil
		}
		if err != nil {
			return prints, err
		}
	}
	return prints, nil
}

func peerIn(line string, peers []int) int {
	m := whose.FindStringSubmatch(line[:min(len(line), 200)])
	if m == nil {
		return record.None
	}
	n, err := strconv.Atoi(m[1] + m[2])
	if err == nil {
		for _, p := range peers {
			if p == n {
				return n
			}
		}
	}
	return record.None
}
