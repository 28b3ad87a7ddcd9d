package sim

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/internal/vet"
)

// askedToExit is what the edited Go runtime adds to the code with which a guest calls os.Exit
// (goruntime_groups.go). Without it the code 2 is the Go runtime's own: of a panic, or a fatal
// error. So a crash that was printed is told from one that took place.
const askedToExit = 1 << 8

// asleep is what the Go runtime says when no goroutine can ever run again.
const asleep = "fatal error: all goroutines are asleep"

// ending explains a guest that ended without a verdict. Nothing that it printed or returned can
// make that a pass; the text of the Go runtime's last words only decides which kind of failure it
// is.
func (g *guest) ending(err error) record.Verdict {
	v := record.Verdict{Outcome: record.Crash, Time: g.clock.since(g.began)}
	var exit *sys.ExitError
	exited, code, asked := err == nil, uint32(0), false
	if errors.As(err, &exit) {
		exited, code = true, exit.ExitCode()
		asked, code = code&askedToExit != 0, code&^askedToExit
	}
	words, stack, died := lastWords(g.output.last())
	switch {
	case g.memory.denied:
		v.Outcome, v.Rule = record.OutOfMemory, "out of memory"
		v.Message = fmt.Sprintf("the run wanted more than its %d MiB of memory", g.memory.limit>>20)
		v.Stack = stack
	case asked: // whatever it has printed before
		v.Rule, v.Message = "process ended", endedMessage(int(code), string(g.output.tail), asked)
	case code == 2 && strings.HasPrefix(words, asleep):
		v.Outcome, v.Rule = record.Stuck, "stuck"
		v.Message, v.Stack = "all goroutines wait for each other, and no timer is left to wake one", stack
	case code == 2 && words != "":
		v.Rule, v.Message, v.Stack = "crash", words, stack
		if harnessOnly(g.underTest, words, stack) {
			v.Outcome, v.Rule, v.Message = record.FrameworkError, "", "the harness crashed: "+words
			break
		}
		died.in(&v)
	case exited:
		v.Rule, v.Message = "process ended", endedMessage(int(code), string(g.output.tail), asked)
	default: // a WebAssembly trap: the Go runtime aborts that way, after its last words
		v.Rule, v.Stack = "crash", stack
		if v.Message = words; words == "" {
			v.Message = firstLine(err.Error())
		}
		died.in(&v)
	}
	return v
}

// diedLine is what the edited Go runtime says above the stack of the goroutine that ended the process,
// if that belongs to a peer or a client (overlay/owner.go.txt).
var diedLine = regexp.MustCompile(`\n\nraftlab: it was (\d{1,9})\n(goroutine \d)`)

// victim is the peer or client in whose code the process ended, or record.None.
type victim int

// whoDied finds out in whose code the process ended, and takes the line that says so out of the stack.
func whoDied(stack string) (string, victim) {
	at := diedLine.FindStringSubmatchIndex(stack)
	if at == nil {
		return stack, record.None
	}
	number, _ := strconv.Atoi(stack[at[2]:at[3]])
	return stack[:at[0]] + "\n\n" + stack[at[4]:], victim(number)
}

// in says in the verdict of a crash whose it was.
func (w victim) in(v *record.Verdict) {
	if w == record.None {
		return
	}
	v.Message = record.Who(int(w)) + ": " + v.Message
	if w < record.FirstClient {
		v.Peers = []int{int(w)}
	}
}

// harnessOnly reports whether the goroutine that died was in the harness, and not called by the
// code under test. Only a value of the code under test leads the harness so deep that its stack
// overflows: one that contains itself.
func harnessOnly(underTest []string, words, stack string) bool {
	all := stacks.Parse(stack)
	if len(all) == 0 || strings.Contains(words, "stack overflow") {
		return false
	}
	ours := false
	for _, f := range append(all[0].Frames, all[0].Creator) {
		if belongs(f, underTest) {
			return false
		}
		ours = ours || strings.HasPrefix(f.File, vet.Module+"/")
	}
	return ours
}

// belongs reports whether a call is one of the code under test. What the compiler writes has no
// file: a method that comes from an embedded interface, for one.
func belongs(f stacks.Frame, underTest []string) bool {
	for _, dir := range underTest {
		dir = vet.Module + "/" + dir
		if pkg := f.Package(); pkg == dir || strings.HasPrefix(pkg, dir+"/") {
			return true
		}
		if strings.HasPrefix(f.File, dir+"/") && path.Base(f.File) != "lab_test.go" {
			return true
		}
	}
	return false
}

// address matches what differs between runs that are otherwise the same.
var address = regexp.MustCompile(`0x[0-9a-f]{5,}`)

// lastWords finds where the Go runtime began to explain the end of the process, and returns the
// explanation, without addresses, everything from there on, and in whose code it ended.
func lastWords(output string) (words, stack string, died victim) {
	at := lastWordsAt(output)
	if at < 0 {
		return "", "", record.None
	}
	stack, died = whoDied(output[at:])
	words, _, _ = strings.Cut(stack, "\n\n")
	words, _, _ = strings.Cut(words, "\n[signal ")
	return strings.TrimSpace(address.ReplaceAllString(words, "0x...")), stack, died
}

// lastWordsAt is where the Go runtime began to explain, or -1. A fatal error in a deferred function
// is set in below the panic that has called it; where runtime.Goexit has, nothing stands above.
func lastWordsAt(output string) int {
	at := max(lastLine(output, "panic: "), lastLine(output, "fatal error: "))
	if at < 0 {
		at = lastLine(output, "\tfatal error: ")
	}
	return at
}

// lastLines are the last few lines that a process printed, for a verdict: the last one first, because
// log.Fatal says there what was wrong, and a terminal does not show all of it. Addresses are left
// out, because they differ between runs that are otherwise the same.
func lastLines(output string) string {
	const lines, most = 4, 400
	tail := address.ReplaceAllString(strings.TrimSpace(output[max(0, len(output)-4*most):]), "0x...")
	all := strings.Split(tail, "\n")
	last := len(all) - 1
	said := plain.Line(strings.TrimSpace(all[last]), most/2)
	if before := all[max(0, last-lines+1):last]; len(before) > 0 {
		said += "; before that: " + plain.Line(strings.Join(before, " / "), most/2)
	}
	return said
}

// lastLine returns where the last line that starts with prefix begins, or -1.
func lastLine(text, prefix string) int {
	if i := strings.LastIndex(text, "\n"+prefix); i >= 0 {
		return i + 1
	}
	if strings.HasPrefix(text, prefix) {
		return 0
	}
	return -1
}

// endedMessage says that the process has ended by itself, after what it printed last; and by which
// call of the code under test, if it was asked to end.
func endedMessage(code int, output string, asked bool) string {
	message, said := fmt.Sprintf("the process ended with exit code %d before the case was over", code), lastLines(output)
	if said != "" {
		message += "; its last words: " + said
	}
	if !asked {
		return message + "\nNothing has called os.Exit: the Go runtime ended it, and did not say why"
	}
	message += "\nThe code under test called os.Exit or log.Fatal, or read the test's flags (flag.Parse)"
	if said != "" {
		message += ". There are no files in the engine"
	}
	return message
}
