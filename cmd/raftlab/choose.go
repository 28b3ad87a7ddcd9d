package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// chooseFlags say which events a timeline shows.
type chooseFlags struct {
	brief  bool
	only   []string
	index  int
	key    string
	client string
	around time.Duration
	grep   string

	flags *pflag.FlagSet
}

func (f *chooseFlags) add(flags *pflag.FlagSet) {
	f.flags = flags
	flags.BoolVar(&f.brief, "brief", false, "a timeline of what matters mostly: leaders, terms, votes, crashes, network, applies; no heartbeats")
	flags.StringSliceVar(&f.only, "only", nil, "only events of these `kinds` in the timeline: "+kinds())
	flags.IntVar(&f.index, "index", 0, "the life of the log entry at this index: where it is appended, overwritten, committed, applied")
	flags.StringVar(&f.key, "key", "", "only operations of clients on this key, and requests with it")
	flags.StringVar(&f.client, "client", "", "only what this `client` did, such as c0")
	flags.DurationVar(&f.around, "around", 0, "the timeline from a quarter of a second before this virtual time to a quarter after it, such as 5.8s")
	flags.StringVar(&f.grep, "grep", "", "only events whose text or arguments match this regular `expression`")
}

// kinds lists what --only takes. What code prints is not among the events of a run.
func kinds() string {
	var names []string
	for _, c := range timeline.Classes {
		if c.Name != prints {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// prints are the class of lines that the viewer puts among the events.
const prints = "prints"

// given says that something was chosen, so that a timeline is wanted.
func (f *chooseFlags) given() bool {
	for _, name := range []string{"brief", "only", "index", "key", "client", "around", "grep"} {
		if f.flags.Changed(name) {
			return true
		}
	}
	return false
}

// selection checks the flags.
func (f *chooseFlags) selection() (timeline.Selection, error) {
	s := timeline.Selection{Brief: f.brief, Index: f.index, Key: f.key, HasKey: f.flags.Changed("key")}
	for _, name := range f.only {
		is := func(c timeline.Class) bool { return c.Name == name || c.Name == name+"s" }
		i := slices.IndexFunc(timeline.Classes, is)
		if i < 0 || timeline.Classes[i].Name == prints {
			return s, fmt.Errorf("--only %s: a timeline has no such kind of events; there are %s", name, kinds())
		}
		s.Classes = append(s.Classes, timeline.Classes[i].Name)
	}
	if f.index < 0 || f.flags.Changed("index") && f.index == 0 {
		return s, fmt.Errorf("--index %d: the first entry of a log has index 1", f.index)
	}
	if f.around < 0 {
		return s, fmt.Errorf("--around %v: virtual time begins at 0", f.around)
	}
	if f.client != "" {
		name := f.client
		if !strings.HasPrefix(name, "c") {
			name = "c" + name
		}
		client, ok := timeline.Peer(name)
		if !ok || client < record.FirstClient {
			return s, fmt.Errorf("--client %s: clients are called c0, c1 and so on", f.client)
		}
		s.Client = client
	}
	if f.grep != "" {
		var err error
		if s.Grep, err = regexp.Compile(f.grep); err != nil {
			return s, fmt.Errorf("--grep %s: no regular expression: %w", f.grep, err)
		}
	}
	return s, nil
}

// window is the part of the virtual time that --around asks for, if it does.
func (f *chooseFlags) window(from, to time.Duration) (time.Duration, time.Duration) {
	const half = 250 * time.Millisecond
	if f.flags.Changed("around") {
		return max(f.around-half, 0), f.around + half
	}
	return from, to
}
