package patch

import (
	"fmt"
	"strings"

	"raftlab/internal/contract"
)

// Header says what a patch is. It stands at the beginning, in lines of "# key: value"; a line that
// is indented further goes on with the value of the one before. Mutants set wrong, rule, parts,
// dies and runner, and may set source and of; variants set style and why, and may set parts,
// except, alone and contract.
type Header struct {
	Wrong  string   // what is wrong
	Rule   string   // which rule is broken, with its section in the paper
	Parts  []string // the parts of the labs that should catch it: "2A"; of a variant: the only ones it is for
	Dies   []string // rules of the tester or outcomes of a run, each an expected reason: "two votes in a term", "crash"
	Runner string   // Engine (the default), Race or Strict
	Source string   // where people made this mistake: "etcd-io/etcd#14370: in a few words what it was"
	Of     string   // the variant that is patched, in place of the reference: "shard-classic"
	Base   string   // a commit that the patch applies to; only needed if none of the history does

	// Contract is the year of the course by whose contract the peer is judged: "2021"; of most,
	// none.
	Contract string

	Style  string   // what is different
	Why    string   // why it is right all the same
	Except []string // cases that ask for what this variant does not promise: "3C/NoLogEntries"
	Alone  bool     // "alone: yes": its new files are the whole package, and nothing of the reference is left in that
}

// The runners.
const (
	Engine = "engine" // the deterministic engine
	Race   = "race"   // natively, under the race detector, which has to report it
	Strict = "strict" // the engine, where a goroutine that is left over after Kill is a failure
)

// headerReader reads header lines one after the other.
type headerReader struct{ text *string }

// read takes in one line. Lines without a known key are comments.
func (r *headerReader) read(h *Header, line string) error {
	rest := strings.TrimPrefix(line, "#")
	if strings.HasPrefix(rest, "    ") && r.text != nil {
		*r.text += " " + strings.TrimSpace(rest)
		return nil
	}
	key, value, found := strings.Cut(strings.TrimSpace(rest), ":")
	if !found {
		return nil
	}
	value, r.text = strings.TrimSpace(value), nil
	text := func(field *string) { *field, r.text = value, field }
	switch strings.TrimSpace(key) {
	case "wrong":
		text(&h.Wrong)
	case "rule":
		text(&h.Rule)
	case "base":
		h.Base = value
	case "style":
		text(&h.Style)
	case "why":
		text(&h.Why)
	case "source":
		text(&h.Source)
	case "of":
		h.Of = value
	case "alone":
		h.Alone = value == "yes"
	case "part", "parts":
		h.Parts = list(value, ",")
	case "except":
		h.Except = list(value, ",")
	case "contract":
		if _, err := contract.Of(value); err != nil {
			return err
		}
		h.Contract = value
	case "dies":
		h.Dies = list(value, "|")
	case "runner":
		if value != Engine && value != Race && value != Strict {
			return fmt.Errorf("the runner is %s, %s or %s", Engine, Race, Strict)
		}
		h.Runner = value
	}
	return nil
}

func list(value, separator string) []string {
	var out []string
	for s := range strings.SplitSeq(value, separator) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
