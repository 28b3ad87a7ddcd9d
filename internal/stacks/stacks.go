package stacks

import (
	"fmt"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// Goroutine is one paragraph of a stack dump.
type Goroutine struct {
	ID      int
	State   string // "chan receive (durable)"
	Bubble  string // the number of its testing/synctest bubble, or empty
	Frames  []Frame
	Creator Frame // where the go statement is
	Text    string
}

// Frame is one call in a stack.
type Frame struct {
	Function string // "raftlab/raft.(*Raft).ticker"
	File     string // "/somewhere/raft/raft.go"
	Line     int
}

// Package is the import path of the function's package.
func (f Frame) Package() string {
	slash := strings.LastIndexByte(f.Function, '/') + 1
	dot := strings.IndexByte(f.Function[slash:], '.')
	if dot < 0 {
		return f.Function
	}
	return f.Function[:slash+dot]
}

// Short is "raft.(*Raft).ticker (raft.go:120)".
func (f Frame) Short() string {
	name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
	return fmt.Sprintf("%s (%s:%d)", name, path.Base(strings.ReplaceAll(f.File, `\`, "/")), f.Line)
}

// All returns all goroutines of the process.
func All() []Goroutine {
	buf := make([]byte, 1<<18)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= 1<<26 {
			return Parse(string(buf[:n]))
		}
		buf = make([]byte, 4*len(buf))
	}
}

// Parse reads a dump in the form that the Go runtime prints; paragraphs that are not
// goroutines are left out.
func Parse(dump string) []Goroutine {
	var all []Goroutine
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
func parseGoroutine(text string) (Goroutine, bool) {
	g := Goroutine{Text: text}
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
	g.ID, _ = strconv.Atoi(id)
	g.State, _, _ = strings.Cut(rest[open+1:end], ",")
	_, g.Bubble, _ = strings.Cut(rest[open:end], "synctest bubble ")
	for i := 1; i+1 < len(lines); i++ {
		if !strings.HasPrefix(lines[i+1], "\t") {
			continue
		}
		f := parseFrame(lines[i], lines[i+1])
		if by, ok := strings.CutPrefix(f.Function, "created by "); ok {
			f.Function, _, _ = strings.Cut(by, " in goroutine ")
			g.Creator = f
		} else {
			g.Frames = append(g.Frames, f)
		}
		i++
	}
	return g, true
}

func parseFrame(call, place string) Frame {
	f := Frame{Function: call}
	if i := strings.LastIndexByte(call, '('); i > 0 && strings.HasSuffix(call, ")") {
		f.Function = call[:i]
	}
	place = strings.TrimSpace(place)
	place, _, _ = strings.Cut(place, " +0x")
	if i := strings.LastIndexByte(place, ':'); i > 0 {
		f.File = place[:i]
		f.Line, _ = strconv.Atoi(place[i+1:])
	}
	return f
}

// IDs returns the numbers of goroutines.
func IDs(gs []Goroutine) map[int]bool {
	ids := map[int]bool{}
	for _, g := range gs {
		ids[g.ID] = true
	}
	return ids
}

// Limit bounds the stacks in a verdict, in bytes.
const Limit = 32 << 10

// Interesting renders the goroutines that have to do with the code under test, in the order of
// [Order], equal ones once.
func Interesting(gs []Goroutine) string {
	var chosen []Goroutine
	for _, g := range gs {
		if _, ok := g.UnderTest(); ok {
			chosen = append(chosen, g)
		}
	}
	Order(chosen, func(f Frame) bool { return f.Owner() == UnderTest })
	var b strings.Builder
	seen := map[string]bool{}
	for _, g := range chosen {
		key := g.State
		for _, f := range g.Frames {
			key += "\n" + f.Short()
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if b.Len()+len(g.Text) > Limit {
			fmt.Fprintf(&b, "... and more goroutines\n")
			break
		}
		b.WriteString(g.Text + "\n\n")
	}
	return b.String()
}
