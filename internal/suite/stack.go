package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/stacks"
	"raftlab/internal/vet"
)

// frame is one call on a goroutine's stack.
type frame struct {
	function string // "raft.(*Raft).ticker"
	place    string // "raftlab/raft/raft.go:123"
	own      bool   // it is in the code under test
	harness  bool   // it is in the harness, but for the network, whose calls end in handlers
}

// goroutine is one goroutine of a stack dump.
type goroutine struct {
	state  string // "sync.Mutex.Lock", "sleep", "running"
	frames []frame
}

var (
	goroutineLine = regexp.MustCompile(`^goroutine \d+ (?:[^\[]*)\[([^\]]*)\]`)
	placeLine     = regexp.MustCompile(`^\s+(\S.*\.go:\d+)`)
	arguments     = regexp.MustCompile(`\([^()]*\)$`)
)

// parseStack reads what the Go runtime prints about goroutines. Packages says which import paths
// are the code under test.
func parseStack(dump string, packages []string) []goroutine {
	var all []goroutine
	function := ""
	for _, line := range strings.Split(dump, "\n") {
		if m := goroutineLine.FindStringSubmatch(line); m != nil {
			state, _, _ := strings.Cut(m[1], ",")
			all = append(all, goroutine{state: state})
			function = ""
			continue
		}
		if m := placeLine.FindStringSubmatch(line); m != nil && function != "" && len(all) > 0 {
			g := &all[len(all)-1]
			g.frames = append(g.frames, frame{
				function: function[strings.LastIndexByte(function, '/')+1:],
				place:    m[1],
				own:      isOwn(function, packages),
				harness:  isHarness(function),
			})
			function = ""
			continue
		}
		if function = ""; !strings.HasPrefix(line, "created by ") { // who started it is not where it is
			function = arguments.ReplaceAllString(strings.TrimSpace(line), "")
		}
	}
	return all
}

func isOwn(function string, packages []string) bool {
	for _, p := range packages {
		if strings.HasPrefix(function, p+".") || strings.HasPrefix(function, p+"/") {
			return true
		}
	}
	return false
}

func isHarness(function string) bool {
	pkg := stacks.Frame{Function: function}.Package()
	owner := stacks.OwnerOf(pkg)
	return (owner == stacks.Tester || owner == stacks.Framework) && pkg != vet.Module+"/labrpc"
}

// rank orders goroutines by how much they say about a run that stands still, the first first. Whoever
// waits to send on a channel may hold a lock meanwhile, and then all others wait for it: they are
// many, and not to blame. After it come calls of the harness, which are what does not return.
func (g goroutine) rank() int {
	own := slices.IndexFunc(g.frames, func(f frame) bool { return f.own })
	switch asked := own >= 0 && slices.ContainsFunc(g.frames[own:], func(f frame) bool { return f.harness }); {
	case strings.HasPrefix(g.state, "chan send"):
		return 0
	case asked:
		return 1
	case strings.HasPrefix(g.state, "sync.Mutex"), strings.HasPrefix(g.state, "sync.RWMutex"):
		return 2
	case strings.HasPrefix(g.state, "sleep"):
		return 4
	}
	return 3
}

// stackLines says in at most n lines where the code under test was: for a crash the frames of the
// goroutine that crashed, for the rest one line per place where goroutines wait. show turns a place
// of the build into the file that the user knows.
func stackLines(dump string, packages []string, crashed bool, n int, show func(string) string) []string {
	all := parseStack(dump, packages)
	var lines []string
	if crashed && len(all) > 0 {
		for _, own := range []bool{true, false} { // the code under test first
			for _, f := range all[0].frames {
				if f.own == own && !strings.HasPrefix(f.function, "runtime.") && !strings.HasPrefix(f.function, "panic") {
					lines = append(lines, fmt.Sprintf("%s  %s", show(f.place), f.function))
				}
			}
			if len(lines) > 0 {
				break
			}
		}
		return lines[:min(len(lines), n)]
	}
	slices.SortStableFunc(all, func(a, b goroutine) int { return a.rank() - b.rank() })
	count := map[string]int{}
	for _, g := range all {
		for _, f := range g.frames {
			if !f.own {
				continue
			}
			line := fmt.Sprintf("%s  %s  [%s]", show(f.place), f.function, g.state)
			if count[line]++; count[line] == 1 {
				lines = append(lines, line)
			}
			break
		}
	}
	lines = lines[:min(len(lines), n)]
	for i, line := range lines {
		if count[line] > 1 {
			lines[i] += fmt.Sprintf(" x%d", count[line])
		}
	}
	if len(lines) == 0 { // not a dump as we know it: its beginning is better than nothing
		for _, line := range strings.Split(dump, "\n") {
			if line = strings.TrimSpace(line); line != "" && len(lines) < n {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
