package tester

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// goroutine is one paragraph of a stack dump.
type goroutine struct {
	id      int
	state   string // "chan receive (durable)"
	bubble  string // the number of its testing/synctest bubble, or empty
	frames  []frame
	creator frame // where the go statement is
	text    string
}

// frame is one call in a stack.
type frame struct {
	function string // "raftlab/raft.(*Raft).ticker"
	file     string // "/somewhere/raft/raft.go"
	line     int
}

// pkg is the import path of the function's package.
func (f frame) pkg() string {
	slash := strings.LastIndexByte(f.function, '/') + 1
	dot := strings.IndexByte(f.function[slash:], '.')
	if dot < 0 {
		return f.function
	}
	return f.function[:slash+dot]
}

// short is "raft.(*Raft).ticker (raft.go:120)".
func (f frame) short() string {
	name := f.function[strings.LastIndexByte(f.function, '/')+1:]
	return fmt.Sprintf("%s (%s:%d)", name, path.Base(strings.ReplaceAll(f.file, `\`, "/")), f.line)
}

// goroutines returns all goroutines of the process.
func goroutines() []goroutine {
	buf := make([]byte, 1<<18)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= 1<<26 {
			return parseStacks(string(buf[:n]))
		}
		buf = make([]byte, 4*len(buf))
	}
}

// parseStacks reads a dump in the form that the Go runtime prints; paragraphs that are not
// goroutines are left out.
func parseStacks(dump string) []goroutine {
	var all []goroutine
	dump = strings.ReplaceAll(dump, "\r\n", "\n")
	for text := range strings.SplitSeq(dump, "\n\n") {
		if i := strings.Index(text, "goroutine "); i > 0 && text[i-1] == '\n' {
			text = text[i:] // "panic: ..." may stand right before it
		}
		if g, ok := parseGoroutine(strings.TrimRight(text, "\n")); ok {
			all = append(all, g)
		}
	}
	return all
}

// parseGoroutine reads
//
//	goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 1]:
//	raftlab/raft.(*Raft).ticker(0xc000104000)
//		/somewhere/raft/raft.go:120 +0x45
//	created by raftlab/raft.Make in goroutine 5
//		/somewhere/raft/raft.go:80 +0x1a5
func parseGoroutine(text string) (goroutine, bool) {
	g := goroutine{text: text}
	lines := strings.Split(text, "\n")
	rest, ok := strings.CutPrefix(lines[0], "goroutine ")
	if !ok {
		return g, false
	}
	id, rest, ok := strings.Cut(rest, " ")
	open, end := strings.IndexByte(rest, '['), strings.LastIndexByte(rest, ']')
	if !ok || open < 0 || end < open {
		return g, false
	}
	g.id, _ = strconv.Atoi(id)
	g.state, _, _ = strings.Cut(rest[open+1:end], ",")
	_, g.bubble, _ = strings.Cut(rest[open:end], "synctest bubble ")
	for i := 1; i+1 < len(lines); i++ {
		if !strings.HasPrefix(lines[i+1], "\t") {
			continue
		}
		f := parseFrame(lines[i], lines[i+1])
		if by, ok := strings.CutPrefix(f.function, "created by "); ok {
			f.function, _, _ = strings.Cut(by, " in goroutine ")
			g.creator = f
		} else {
			g.frames = append(g.frames, f)
		}
		i++
	}
	return g, true
}

func parseFrame(call, place string) frame {
	f := frame{function: call}
	if i := strings.LastIndexByte(call, '('); i > 0 && strings.HasSuffix(call, ")") {
		f.function = call[:i]
	}
	place = strings.TrimSpace(place)
	place, _, _ = strings.Cut(place, " +0x")
	if i := strings.LastIndexByte(place, ':'); i > 0 {
		f.file = place[:i]
		f.line, _ = strconv.Atoi(place[i+1:])
	}
	return f
}

func idsOf(gs []goroutine) map[int]bool {
	ids := map[int]bool{}
	for _, g := range gs {
		ids[g.id] = true
	}
	return ids
}

// frameworkPackages are ours: import paths, or with a slash at the end the roots of trees.
var frameworkPackages = []string{"raftlab/tester", "raftlab/labs/", "raftlab/labrpc", "raftlab/labgob",
	"raftlab/raftapi", "raftlab/kvapi", "raftlab/shardapi", "raftlab/internal/", "raftlab/porcupine-tests/", "github.com/anishathalye/porcupine"}

// standardRoots are the first elements of the import paths in the standard library that can occur
// in a stack.
var standardRoots = []string{"bufio", "bytes", "context", "crypto", "encoding", "errors", "fmt", "hash", "internal", "io",
	"iter", "log", "maps", "math", "os", "reflect", "runtime", "slices", "sort", "strconv", "strings", "sync", "syscall",
	"testing", "time", "unicode", "unique", "vendor"}

func (f frame) ofFramework() bool {
	p := f.pkg()
	return slices.ContainsFunc(frameworkPackages, func(ours string) bool {
		return p == ours || strings.HasSuffix(ours, "/") && strings.HasPrefix(p, ours)
	})
}

func (f frame) ofStandardLibrary() bool {
	root, _, _ := strings.Cut(f.pkg(), "/")
	return slices.Contains(standardRoots, root) || root == "panic"
}

// underTest says whether the function is the code under test's: neither ours nor Go's.
func (f frame) underTest() bool {
	return f.function != "" && !f.ofFramework() && !f.ofStandardLibrary() && f.pkg() != "main"
}

// underTest returns the innermost function of the code under test on g's stack, or that which started
// the goroutine.
func (g goroutine) underTest() (frame, bool) {
	for _, f := range g.frames {
		if f.underTest() {
			return f, true
		}
	}
	return g.creator, g.creator.underTest()
}

// startedInTester says whether a panic on this stack, that of a deferred function, began in the tester, in a
// hook that the code under test called.
func startedInTester(stack string) bool {
	frames := leftBehind(stack)
	origin := slices.IndexFunc(frames, func(f frame) bool { return f.pkg() != "runtime" && f.pkg() != "panic" })
	return origin >= 0 && frames[origin].pkg() == "raftlab/tester"
}

// exitedBy says whether a goroutine whose deferred function has this stack is left by runtime.Goexit, and not
// by a panic. What recover returns does not tell: nil can be the value of a panic.
func exitedBy(stack string) bool {
	frames := leftBehind(stack)
	return len(frames) > 0 && frames[0].function == "runtime.Goexit"
}

// leftBehind returns the calls that a deferred function with this stack does not return to, inmost first: the
// first is what is unwinding them.
func leftBehind(stack string) []frame {
	gs := parseStacks(stack)
	if len(gs) == 0 {
		return nil
	}
	frames := gs[0].frames
	at := slices.IndexFunc(frames, func(f frame) bool {
		return f.function == "panic" || f.function == "runtime.gopanic" || f.function == "runtime.Goexit"
	})
	if at < 0 {
		return nil
	}
	return frames[at:]
}

// stackLimit bounds the stacks in a verdict, in bytes.
const stackLimit = 32 << 10

// interesting renders the goroutines that have to do with the code under test, those that wait for
// a mutex first, equal ones once.
func interesting(gs []goroutine) string {
	var chosen []goroutine
	for _, g := range gs {
		if _, ok := g.underTest(); ok {
			chosen = append(chosen, g)
		}
	}
	slices.SortStableFunc(chosen, func(a, b goroutine) int { return waiting(a) - waiting(b) })
	var b strings.Builder
	seen := map[string]bool{}
	for _, g := range chosen {
		key := g.state
		for _, f := range g.frames {
			key += "\n" + f.short()
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if b.Len()+len(g.text) > stackLimit {
			fmt.Fprintf(&b, "... and more goroutines\n")
			break
		}
		b.WriteString(g.text + "\n\n")
	}
	return b.String()
}

// waiting orders goroutines by how much their state says about a standstill.
func waiting(g goroutine) int {
	switch {
	case strings.HasPrefix(g.state, "sync.Mutex"), strings.HasPrefix(g.state, "sync.RWMutex"):
		return 0
	case strings.HasPrefix(g.state, "chan"), strings.HasPrefix(g.state, "select"):
		return 1
	}
	return 2
}
