package deduce

import (
	"strconv"
	"strings"
)

// value is one decoded argument: a struct with fields, a list, or a text.
type value struct {
	text   string // as it stands in the trace
	fields []field
	list   []value
	more   bool // the list goes on, but the trace has cut it
}

type field struct {
	name  string
	value value
}

// parse reads what the harness wrote for a struct. What it cannot read has no fields.
func parse(detail string) value {
	p := parser{s: detail}
	return p.value()
}

type parser struct {
	s  string
	at int
}

func (p *parser) peek() byte {
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

func (p *parser) value() value {
	from := p.at
	var v value
	switch p.peek() {
	case '{':
		p.at++
		for p.at < len(p.s) && p.peek() != '}' {
			before := p.at
			name := p.word(":")
			if p.peek() == ':' {
				p.at++
				v.fields = append(v.fields, field{name, p.value()})
			}
			p.spaces()
			if p.at == before {
				p.at++ // not what the harness writes
			}
		}
		p.at++
	case '[':
		p.at++
		for p.at < len(p.s) && p.peek() != ']' {
			before := p.at
			if strings.HasPrefix(p.s[p.at:], "...") {
				v.more = true
				p.at = min(len(p.s), p.at+max(strings.IndexByte(p.s[p.at:], ']'), 3))
				break
			}
			v.list = append(v.list, p.value())
			p.spaces()
			if p.at == before {
				p.at++
			}
		}
		p.at++
	case '"':
		p.quoted()
	default:
		p.word(" ]}")
	}
	p.at = min(p.at, len(p.s))
	v.text = p.s[from:p.at]
	return v
}

func (p *parser) spaces() {
	for p.peek() == ' ' {
		p.at++
	}
}

// word reads up to one of the bytes in ends. A map, or a text that was cut, counts as a word.
func (p *parser) word(ends string) string {
	from := p.at
	depth := 0
	for p.at < len(p.s) {
		c := p.s[p.at]
		if depth == 0 && strings.IndexByte(ends, c) >= 0 {
			break
		}
		switch c {
		case '[':
			depth++
		case ']':
			depth = max(depth-1, 0)
		}
		p.at++
	}
	return p.s[from:p.at]
}

// quoted reads a string of Go, and what the harness writes after one that it has cut.
func (p *parser) quoted() {
	if q, err := strconv.QuotedPrefix(p.s[p.at:]); err == nil {
		p.at += len(q)
	} else {
		p.at = len(p.s)
	}
	if strings.HasPrefix(p.s[p.at:], "...(") { // "...(3344 bytes)"
		p.word(")")
		p.at = min(p.at+1, len(p.s))
	}
	p.word(" ]}")
}

// find returns the first field with one of the names, written in lower case and without
// underscores.
func (v value) find(names ...string) (value, bool) {
	for _, name := range names {
		for _, f := range v.fields {
			if goesBy(f.name, name) {
				return f.value, true
			}
		}
	}
	return value{}, false
}

// goesBy says whether a field's name is one in lower case, but for underscores and capitals. A long
// run has millions of fields to look at, so that nothing is copied.
func goesBy(field, name string) bool {
	for i := range len(field) {
		c := field[i]
		switch {
		case c == '_':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if name == "" || name[0] != c {
			return false
		}
		name = name[1:]
	}
	return name == ""
}

// number returns an integer field, or Unknown.
func (v value) number(names ...string) int {
	f, ok := v.find(names...)
	n, err := strconv.Atoi(f.text)
	if !ok || err != nil {
		return Unknown
	}
	return n
}
