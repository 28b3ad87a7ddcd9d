package raftapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Extension is an extension of a peer as it is asked for: by its name, and with parameters where it
// has some. In text that is
//
//	pipeline
//	pipeline:messages=8:bytes=65536
//
// which is what `raftlab test --with` takes, and what [Extendable] is called with.
type Extension struct {
	Name       string
	parameters map[string]int
}

// Parameter is something that an extension can be told. All are positive integers.
type Parameter struct {
	Name string
	What string // what it means, with its unit
}

// parameters are those of the extensions that have some. Peers have their own defaults.
var parameters = map[string][]Parameter{
	Pipeline: {
		{"messages", "appends with entries that may be on their way to a follower"},
		{"bytes", "bytes of entries that may be on their way to a follower"},
	},
	UncommittedLimit: {{"bytes", "bytes of commands that a leader takes before they are committed"}},
	Lease:            {{"drift", "percent by which a clock may be faster than another"}},
	CatchUp: {
		{"entries", "newest entries behind a snapshot that stay in memory"},
		{"bytes", "bytes of them, encoded, that stay at most"},
	},
}

// Parameters returns what an extension can be told.
func Parameters(name string) []Parameter { return slices.Clone(parameters[name]) }

// ParseExtension reads an extension and its parameters. The error says which there are.
func ParseExtension(text string) (Extension, error) {
	name, rest, more := strings.Cut(text, ":")
	if !slices.Contains(Extensions, name) {
		return Extension{}, fmt.Errorf("no extension is called %q; there are %s", name, strings.Join(Extensions, ", "))
	}
	x := Extension{Name: name, parameters: map[string]int{}}
	for more {
		var one string
		one, rest, more = strings.Cut(rest, ":")
		key, value, _ := strings.Cut(one, "=")
		if !slices.ContainsFunc(parameters[name], func(p Parameter) bool { return p.Name == key }) {
			return Extension{}, fmt.Errorf("%s: it has no parameter %q; it has %s", text, key, listed(parameters[name]))
		}
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return Extension{}, fmt.Errorf("%s: %s has to be a positive integer, such as %s:%s=100", text, key, name, key)
		}
		if _, twice := x.parameters[key]; twice {
			return Extension{}, fmt.Errorf("%s: %s is there twice", text, key)
		}
		x.parameters[key] = n
	}
	return x, nil
}

func listed(all []Parameter) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Parameter returns the value of a parameter, or what it is where nobody says.
func (x Extension) Parameter(name string, otherwise int) int {
	if n, ok := x.parameters[name]; ok {
		return n
	}
	return otherwise
}

// ParseExtensions reads several, and returns them sorted and each once. It is an error to ask for
// one with different parameters.
func ParseExtensions(texts []string) ([]string, error) {
	var all []string
	for _, text := range texts {
		x, err := ParseExtension(text)
		if err != nil {
			return nil, err
		}
		if i := indexOf(all, x.Name); i < 0 {
			all = append(all, text)
		} else if all[i] != text {
			return nil, fmt.Errorf("%s and %s: name an extension once", all[i], text)
		}
	}
	slices.Sort(all)
	return all, nil
}

// HasExtension says whether an extension is among those asked for, with parameters or without.
func HasExtension(texts []string, name string) bool { return indexOf(texts, name) >= 0 }

// AddExtensions returns texts and those of more whose names are not there yet. Where both have one,
// what comes with parameters stays.
func AddExtensions(texts []string, more ...string) []string {
	all := slices.Clone(texts)
	for _, text := range more {
		i := indexOf(all, nameOf(text))
		switch {
		case i < 0:
			all = append(all, text)
		case all[i] == nameOf(text):
			all[i] = text
		}
	}
	return all
}

func indexOf(texts []string, name string) int {
	return slices.IndexFunc(texts, func(text string) bool { return nameOf(text) == name })
}

func nameOf(text string) string {
	name, _, _ := strings.Cut(text, ":")
	return name
}

// KeepEntries is the extension [CatchUp] with its parameters.
func KeepEntries(entries, bytes int) string {
	return fmt.Sprintf("%s:entries=%d:bytes=%d", CatchUp, entries, bytes)
}

// Unavailable is what Extend returns, alone or wrapped, for an extension that the peer cannot have:
// what it is built on lacks it. To a peer that has not been written yet that does not apply. A case
// that needs the extension is not checked: it does not fail, and earns nothing.
type Unavailable struct {
	Extension string
	Why       string // in words that follow a colon
}

func (u *Unavailable) Error() string { return u.Extension + ": " + u.Why }

// Extensible is a peer that tells which extensions it has, so that what is merely welcome is asked
// of those only that have it.
type Extensible interface {
	Extendable
	// HasExtension says whether Extend knows an extension of this name. It does not block.
	HasExtension(name string) bool
}

// Offers says whether a peer tells that it has an extension.
func Offers(peer Raft, name string) bool {
	e, ok := peer.(Extensible)
	return ok && e.HasExtension(name)
}
