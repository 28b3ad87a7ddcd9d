package kvraft

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
)

// opKind is what an operation does.
type opKind string

const (
	opPut         opKind = "put"    // write, whatever the key has
	opAppend      opKind = "append" // write behind what the key has
	opConditional opKind = "if"     // write if the key has a certain version
)

// op is an operation that changes the data, as it stands in the log. Reads are none: see rsm.Read.
type op struct {
	kind       opKind
	key, value string
	version    kvapi.Version // opConditional
}

// result is what an operation came to. Its field is exported for gob: results are kept in the
// session table, which is a part of snapshots.
type result struct {
	Err kvapi.Err
}

// codec writes operations so that a person can read them in a trace:
//
//	put "x" "1"
//	append "x" "2"
//	if 7 "x" "3"
var codec = rsm.Codec[op]{Append: appendOp, Parse: parseOp}

func appendOp(b []byte, o op) []byte {
	b = append(b, o.kind...)
	b = append(b, ' ')
	if o.kind == opConditional {
		b = strconv.AppendUint(b, uint64(o.version), 10)
		b = append(b, ' ')
	}
	b = strconv.AppendQuote(b, o.key)
	b = append(b, ' ')
	return strconv.AppendQuote(b, o.value)
}

func parseOp(b []byte) (o op, err error) {
	word, rest, _ := bytes.Cut(b, []byte(" "))
	switch o.kind = opKind(word); o.kind {
	case opPut, opAppend:
	case opConditional:
		word, rest, _ = bytes.Cut(rest, []byte(" "))
		version, err := strconv.ParseUint(string(word), 10, 64)
		if err != nil {
			return op{}, err
		}
		o.version = kvapi.Version(version)
	default:
		return op{}, fmt.Errorf("unknown operation %q", word)
	}
	text := string(rest)
	if o.key, text, err = cutQuoted(text); err != nil {
		return op{}, err
	}
	if len(text) == 0 || text[0] != ' ' {
		return op{}, errors.New("no value")
	}
	if o.value, text, err = cutQuoted(text[1:]); err != nil {
		return op{}, err
	}
	if text != "" {
		return op{}, fmt.Errorf("%q behind the value", text)
	}
	return o, nil
}

// cutQuoted reads a quoted string off the front of text.
func cutQuoted(text string) (s, rest string, err error) {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", err
	}
	s, err = strconv.Unquote(quoted)
	return s, text[len(quoted):], err
}
