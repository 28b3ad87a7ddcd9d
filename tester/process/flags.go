//go:build !wasip1

package process

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"raftlab/internal/contract"
	"raftlab/internal/record"
	"raftlab/raftapi"
)

// The flags of every test binary that has cases in it:
//
//	go test ./raft -run Lab2/2A -clock=real
var (
	realClock  bool
	strict     = flag.Bool("strict", false, "a goroutine that is left over after Kill is a failure, not a warning")
	inProcess  = flag.Bool("inproc", false, "run the cases in the test process itself, for a debugger or coverage: the first crash ends everything")
	seedFlag   = flag.Uint64("seed", 1, "the `seed` of faults, loads and network weather")
	seedsFlag  = flag.String("seeds", "", "several seeds, such as 1-20 or 3,9,40: each case runs with each until one fails")
	withFlag   = flag.String("with", "", "extensions that all peers are to have, such as prevote,checkquorum (raftapi.Extensions)")
	yearFlag   = flag.String("contract", "", "the `year` of the course whose contract the peers keep, such as 2021")
	eventsFlag = flag.String("events", "", "write the trace, one event as JSON per line, to `file` (with several cases: file.CASE.SEED)")
)

func init() {
	flag.Func("clock", "`bubble` (virtual time, default) or real", func(s string) error {
		switch s {
		case "bubble":
			realClock = false
		case "real":
			realClock = true
			moreAtOnce()
		default:
			return fmt.Errorf("no clock %q: there are bubble and real", s)
		}
		return nil
	})
}

// extensions returns what -with asks for.
func extensions() ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(*withFlag, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	names, err := raftapi.ParseExtensions(names)
	if err != nil {
		return nil, fmt.Errorf("-with: %w", err)
	}
	return names, nil
}

// askedFor returns what the flags ask of every run.
func askedFor() (record.Params, error) {
	p := record.Params{Strict: *strict, Contract: *yearFlag, Detail: *eventsFlag != ""}
	if _, err := contract.Of(*yearFlag); err != nil {
		return p, fmt.Errorf("-contract %s: %w", *yearFlag, err)
	}
	var err error
	p.With, err = extensions()
	return p, err
}

// moreAtOnce raises the number of parallel cases, unless the user chose it: in real time a case
// mostly waits.
func moreAtOnce() {
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
}

// seeds returns the seeds to run each case with.
func seeds() ([]uint64, error) {
	if *seedsFlag == "" {
		return []uint64{*seedFlag}, nil
	}
	var all []uint64
	for part := range strings.SplitSeq(*seedsFlag, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.ParseUint(low, 10, 64)
		to, err2 := strconv.ParseUint(high, 10, 64)
		if err1 != nil || err2 != nil || to < from || to-from > 1e6 {
			return nil, fmt.Errorf("-seeds %q: %q is neither a seed nor a range such as 1-20", *seedsFlag, part)
		}
		for s := from; ; s++ {
			all = append(all, s)
			if s == to {
				break
			}
		}
	}
	return all, nil
}
