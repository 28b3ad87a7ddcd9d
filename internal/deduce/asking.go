package deduce

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"raftlab/internal/record"
)

// clients follows what clients ask for within an operation.
type clients struct {
	of      map[int]*operation
	seen    bool            // there are some
	writes  map[edge]string // what a write under way has for a value
	sent    map[string]bool // values in entries that were sent between peers
	written map[string]bool // values that servers have said yes to
	hasty   *Breach         // the first yes too early, if entries can be read
	blind   bool            // a message had more entries than the trace
}

// operation is what a client does at the moment.
type operation struct {
	method  string
	asked   map[string]value // what it has asked for, by what makes it the same request
	written string           // the value of its last write
	wrote   bool
	answer  string // the last answer to a write
	seen    bool   // it has read its own value since
	asks    bool   // it has sent something
	heard   bool   // and somebody has answered
	told    bool
}

func newClients() *clients {
	return &clients{of: map[int]*operation{}, writes: map[edge]string{}, sent: map[string]bool{}, written: map[string]bool{}}
}

func (c *clients) event(w *witness, e record.Event) {
	if e.Peer < record.FirstClient {
		return
	}
	c.seen = true
	if e.Kind == record.Invoke {
		c.of[e.Peer] = &operation{method: e.Method, asked: map[string]value{}}
	}
	o := c.of[e.Peer]
	if o == nil {
		return
	}
	key := callOf(e)
	switch e.Kind {
	case record.Sent:
		v := parse(e.Detail)
		o.asks = true
		c.again(w, e, o, v)
		if written, ok := v.find("value"); ok {
			o.wrote, o.written, o.seen, o.answer = true, written.text, false, ""
			c.writes[key] = written.text
		}
	case record.Handled:
		c.early(w, e, c.writes[key])
	case record.Replied:
		o.heard = true
		v := parse(e.Detail)
		answer, _ := v.find("err")
		if _, write := c.writes[key]; write {
			o.answer = answer.text
			delete(c.writes, key)
		} else if read, ok := v.find("value"); ok && o.wrote && read.text == o.written {
			o.seen = true
		}
	case record.Return:
		c.returns(w, e, o)
	}
}

// quoted are the texts in a command that stand in quotation marks.
var quoted = regexp.MustCompile(`"([^"\\]+)"`)

// carries notes the values that entries take to another peer.
func (c *clients) carries(r Request) {
	if !c.seen {
		return
	}
	for _, entry := range r.Entries {
		c.blind = c.blind || strings.Contains(entry.Command, "...")
		command := entry.Command
		if text, err := strconv.Unquote(command); err == nil {
			command = text
		}
		for _, m := range quoted.FindAllStringSubmatch(command, -1) {
			c.sent[m[1]] = true
		}
	}
	c.blind = c.blind || r.More
}

// early notes the first time that a server says yes to a write that no peer has sent to another.
func (c *clients) early(w *witness, e record.Event, written string) {
	value := strings.Trim(written, `"`)
	if value == "" || e.Other < 0 || w.majority(w.of(e.Other)) < 2 {
		return
	}
	if !isYes(e.Detail) {
		return
	}
	c.written[value] = true
	if !c.sent[value] && c.hasty == nil && !c.blind {
		c.hasty = &Breach{At: w.at, Peer: e.Other,
			What: fmt.Sprintf("answers that %s is written, but no peer has sent an entry with it to another", written)}
	}
}

// unfounded judges that at the end, when it is known whether entries can be read: some had the
// values of writes, and none had been cut off by then. Without another peer nobody else can have it
// (§8).
func (c *clients) unfounded() (breaches []Breach) {
	if c.hasty == nil {
		return nil
	}
	for value := range c.written {
		if c.sent[value] {
			return []Breach{*c.hasty}
		}
	}
	return nil
}

// again notices a request that is made again with another number: to a server it is another one.
func (c *clients) again(w *witness, e record.Event, o *operation, v value) {
	same := []string{e.Method}
	for _, f := range v.fields {
		if _, err := strconv.Atoi(f.value.text); err != nil {
			same = append(same, f.value.text)
		}
	}
	key := strings.Join(same, "\x00")
	was, ok := o.asked[key]
	o.asked[key] = v
	if !ok || o.told {
		return
	}
	for i, f := range v.fields {
		name := strings.ToLower(f.name)
		about := strings.Contains(name, "seq") || strings.Contains(name, "serial") || strings.HasSuffix(name, "id")
		if about && i < len(was.fields) && was.fields[i].value.text != f.value.text {
			o.told = true
			w.breach(e.Peer, "asks again with %s %s, but had asked with %s", f.name, f.value.text, was.fields[i].value.text)
			return
		}
	}
}

// returns judges an answer that nobody has given, and a lock that was got: it takes a write that was
// carried out, or its value seen.
func (c *clients) returns(w *witness, e record.Event, o *operation) {
	if o.asks && !o.heard && !strings.Contains(e.Text, "Maybe") {
		w.breach(e.Peer, "ends its %s with %q, but no server has answered it", o.method, e.Text)
	}
	if o.method != "acquire" || e.Text != "done" {
		return
	}
	switch {
	case !o.wrote:
		w.breach(e.Peer, "has the lock without having written to it")
	case o.answer != `"OK"` && o.answer != `""` && !o.seen && o.answer != "":
		w.breach(e.Peer, "has the lock, but the answer to its write was %s", o.answer)
	}
}
