package model

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"raftlab/kvapi"
)

// Dialect is one of the two interfaces of a key/value service.
type Dialect string

const (
	Classic   Dialect = "classic"   // Get, Put, Append
	Versioned Dialect = "versioned" // Get, Put on a condition
)

// Kind is what an operation does.
type Kind string

const (
	Get    Kind = "get"
	Put    Kind = "put"
	Append Kind = "append" // classic only
)

// Op is an operation of a client: what was asked, when, and what was answered.
type Op struct {
	Client  int
	Dialect Dialect
	Kind    Kind
	Key     string
	Value   string        // to put or append
	Version kvapi.Version // of a versioned put: the condition

	// Call and Return are places in the order of all calls and returns of a history. Open says that
	// there was no return: the client died, or the history ended.
	Call, Return int
	Open         bool
	Begin, End   time.Duration // the same as virtual times, for people

	Err        kvapi.Err // OK of a classic operation
	Got        string    // by a get
	GotVersion kvapi.Version
}

// Unknown says whether nobody knows if the operation took effect, or still will: it was not
// answered, or with ErrMaybe. A copy of its request may be on the network for as long as the
// history lasts.
func (o Op) Unknown() bool { return o.Open || o.Err == kvapi.ErrMaybe }

// Question is what the operation asks, without its kind: the text of an invoke event.
func (o Op) Question() string {
	s := strconv.Quote(o.Key)
	if o.Kind != Get {
		s += " " + strconv.Quote(o.Value)
		if o.Dialect == Versioned {
			s += fmt.Sprintf(" v%d", o.Version)
		}
	}
	return s
}

// OnlyServersKnow is whether nobody can know the answer without asking. Versions only grow, so a
// clerk that has seen a later one knows of ErrVersion by itself; ErrMaybe says that it knows nothing.
func (o Op) OnlyServersKnow() bool { return o.Err != kvapi.ErrVersion && o.Err != kvapi.ErrMaybe }

// Answer is what came back: the text of a return event.
func (o Op) Answer() string {
	switch {
	case o.Kind != Get || o.Err != kvapi.OK:
		return plainError(o.Err)
	case o.Dialect == Versioned:
		return fmt.Sprintf("%s v%d", strconv.Quote(o.Got), o.GotVersion)
	}
	return strconv.Quote(o.Got)
}

// plainError is the text of an error. The service chooses it, and it must not be read as a value.
func plainError(err kvapi.Err) string {
	if strings.HasPrefix(string(err), `"`) {
		return "error " + string(err)
	}
	return string(err)
}

// String is the whole of it: get "x" -> "7".
func (o Op) String() string {
	answer := "?"
	if !o.Open {
		answer = cmp.Or(o.Answer(), `""`)
	}
	return fmt.Sprintf("%s %s -> %s", o.Kind, o.Question(), answer)
}

// parseQuestion undoes Question.
func (o *Op) parseQuestion(kind, text string) error {
	o.Kind, o.Dialect = Kind(kind), Classic
	var err error
	if o.Key, text, err = unquote(text); err != nil {
		return err
	}
	if o.Kind == Get {
		return nil
	}
	if o.Value, text, err = unquote(text); err != nil {
		return err
	}
	if v, ok := strings.CutPrefix(text, "v"); ok {
		o.Dialect = Versioned
		n, err := strconv.ParseUint(v, 10, 64)
		o.Version = kvapi.Version(n)
		return err
	}
	return nil
}

// parseAnswer undoes Answer.
func (o *Op) parseAnswer(text string) error {
	if !strings.HasPrefix(text, `"`) {
		o.Err = kvapi.Err(text)
		if o.Err == kvapi.ErrNoKey {
			o.Dialect = Versioned // a classic get of nothing is ""
		}
		return nil
	}
	o.Err = kvapi.OK
	var err error
	if o.Got, text, err = unquote(text); err != nil {
		return err
	}
	if v, ok := strings.CutPrefix(text, "v"); ok {
		o.Dialect = Versioned
		n, err := strconv.ParseUint(v, 10, 64)
		o.GotVersion = kvapi.Version(n)
		return err
	}
	return nil
}

// unquote reads a quoted word and returns what follows it.
func unquote(text string) (word, rest string, err error) {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", fmt.Errorf("reading an operation: %q does not begin with a quoted word", text)
	}
	word, err = strconv.Unquote(quoted)
	return word, strings.TrimSpace(text[len(quoted):]), err
}
