package sim

import (
	"fmt"
	"strings"
)

// testMain is the package of the program that the go command writes around a test. It brings along
// a fuzzer, profiles and regular expressions: a sixth of all machine code. A run is one test, which
// it names.
const testMain = "testing/internal/testdeps/deps.go"

// testMainBodies are the functions that need less than they have, and what is left of them.
var testMainBodies = []struct{ name, body string }{
	{"MatchString", `return pat == "^"+str+"$", nil`},
	{"StartCPUProfile", "return nil"},
	{"StopCPUProfile", ""},
	{"WriteProfileTo", "return nil"},
	{"CoordinateFuzzing", "return nil"},
	{"RunFuzzWorker", "return nil"},
	{"ReadCorpus", "return nil, nil"},
	{"CheckCorpus", "return nil"},
	{"ResetCoverage", ""},
	{"SnapshotCoverage", ""},
}

// corpusEntry is the type in the interface of package testing, which has no name there that others
// could use.
const corpusEntry = "struct {\n\tParent, Path string\n\tData []byte\n\tValues []any\n\tGeneration int\n\tIsSeed bool\n}"

// smallTestMain leaves out of the file what no run needs.
func smallTestMain(text []byte) ([]byte, error) {
	source := string(text)
	for _, f := range testMainBodies {
		start := "func (TestDeps) " + f.name + "("
		before, rest, found := strings.Cut(source, start)
		signature, rest, one := strings.Cut(rest, "{\n")
		_, after, two := strings.Cut("\n"+rest, "\n}\n")
		if !found || !one || !two {
			return nil, fmt.Errorf("in %s there is no function %s as it used to be", testMain, f.name)
		}
		source = before + start + signature + "{\n\t" + f.body + "\n}\n" + after
	}
	for _, gone := range []string{"\t\"context\"\n", "\t\"internal/fuzz\"\n", "\t\"os/signal\"\n", "\t\"regexp\"\n", "\t\"runtime/pprof\"\n", "var matchRe *regexp.Regexp\n"} {
		if strings.Count(source, gone) != 1 {
			return nil, fmt.Errorf("in %s, %q does not occur once", testMain, strings.TrimSpace(gone))
		}
		source = strings.Replace(source, gone, "", 1)
	}
	source = strings.ReplaceAll(source, "fuzz.CorpusEntry", "corpusEntry") + "\ntype corpusEntry = " + corpusEntry + "\n"
	if strings.Contains(source, "fuzz.") {
		return nil, fmt.Errorf("%s uses the fuzzer in another place", testMain)
	}
	return []byte(source), nil
}
