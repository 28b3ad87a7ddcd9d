package watch

import (
	"reflect"
	"slices"
	"strings"
)

// Students name the fields of their RPCs in many ways, and the harness has to recognise the three
// RPCs of Figure 2 and Figure 13 by their fields. Names are compared in lower case and without
// underscores.
var (
	termNames      = []string{"term", "currentterm", "candidateterm", "leaderterm"}
	candidateNames = []string{"candidateid", "candidate", "candidateindex"}
	leaderNames    = []string{"leaderid", "leader", "leaderindex"}
	previousNames  = []string{"prevlogindex", "previndex", "prevlogidx", "previouslogindex", "preindex", "prelogindex", "prevlog"}
	entriesNames   = []string{"entries", "logentries", "entry", "logs", "log"}
	includedNames  = []string{"lastincludedindex", "lastincludeindex", "snapshotindex", "lastincluded", "lastindex"}
	dataNames      = []string{"data", "snapshot", "snapshotdata"}
	grantedNames   = []string{"votegranted", "granted", "grantvote", "voted", "vote"}
	successNames   = []string{"success", "succeeded", "ok"}
)

// shapeKind is which RPC a request is.
type shapeKind int

const (
	unknownShape shapeKind = iota
	voteShape
	appendShape
	snapshotShape
)

// argsShape is what a request type looks like: the numbers of the fields of interest, -1 for those
// that it does not have.
type argsShape struct {
	kind                    shapeKind
	term, candidate, leader int
	entries                 int
}

// replyShape is what a reply type looks like, likewise.
type replyShape struct {
	term, granted, success int
}

// number reads an integer field; -1 where there is none.
func number(v reflect.Value, field int) int {
	if field < 0 {
		return -1
	}
	if f := v.Field(field); f.CanInt() {
		return int(f.Int())
	} else {
		return int(f.Uint())
	}
}

// shapes remembers what types look like: a run has a handful of types and a great many messages.
type shapes struct {
	args    map[argsKey]*argsShape
	replies map[reflect.Type]*replyShape
}

type argsKey struct {
	method string
	of     reflect.Type
}

func newShapes() *shapes {
	return &shapes{args: map[argsKey]*argsShape{}, replies: map[reflect.Type]*replyShape{}}
}

// structOf follows pointers to the struct they lead to.
func structOf(x any) reflect.Value {
	v := reflect.ValueOf(x)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// ofArgs returns the shape of a request. Unknown ones have unknownShape.
func (s *shapes) ofArgs(method string, args any) *argsShape {
	key := argsKey{method, reflect.TypeOf(args)}
	if shape, ok := s.args[key]; ok && key.of != nil {
		return shape
	}
	shape := &argsShape{term: -1, candidate: -1, leader: -1, entries: -1}
	if v := structOf(args); v.IsValid() && v.Kind() == reflect.Struct {
		shape.recognise(method, v.Type())
		s.args[key] = shape
	}
	return shape
}

// recognise decides which RPC a request of type t to method is. A vote that may be a pre-vote (§9.6
// of Ongaro's dissertation) promises nothing, so that anything that looks like one is not
// recognised.
func (a *argsShape) recognise(method string, t reflect.Type) {
	term := find(t, termNames, isInteger)
	candidate := find(t, candidateNames, isInteger)
	leader := find(t, leaderNames, isInteger)
	if term < 0 {
		return
	}
	switch {
	case candidate >= 0:
		if maybePreVote(method, t) {
			return
		}
		a.kind = voteShape
	case find(t, previousNames, isInteger) >= 0 && find(t, entriesNames, isSlice) >= 0:
		a.kind = appendShape
		a.entries = find(t, entriesNames, isSlice)
	case leader >= 0 && find(t, includedNames, isInteger) >= 0 && find(t, dataNames, isSlice) >= 0:
		a.kind = snapshotShape
	default:
		return
	}
	a.term, a.candidate, a.leader = term, candidate, leader
}

// maybePreVote says whether the method or a field hints at a second kind of vote.
func maybePreVote(method string, t reflect.Type) bool {
	method = lower(method)
	if strings.Contains(method, "prevote") || strings.Contains(method, "requestpre") {
		return true
	}
	for i := range t.NumField() {
		name := lower(t.Field(i).Name)
		if strings.HasPrefix(name, "pre") && !strings.HasPrefix(name, "prev") || strings.Contains(name, "prevote") ||
			slices.Contains([]string{"type", "kind", "phase", "stage", "mode", "round", "ispre"}, name) {
			return true
		}
	}
	return false
}

// ofReply returns the shape of a reply.
func (s *shapes) ofReply(reply any) *replyShape {
	key := reflect.TypeOf(reply)
	if shape, ok := s.replies[key]; ok && key != nil {
		return shape
	}
	shape := &replyShape{term: -1, granted: -1, success: -1}
	if v := structOf(reply); v.IsValid() && v.Kind() == reflect.Struct {
		shape.term = find(v.Type(), termNames, isInteger)
		shape.granted = find(v.Type(), grantedNames, isBool)
		shape.success = find(v.Type(), successNames, isBool)
		s.replies[key] = shape
	}
	return shape
}

// find returns the number of the exported field with one of names, the earlier names first.
func find(t reflect.Type, names []string, fits func(reflect.Kind) bool) int {
	for _, name := range names {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.IsExported() && lower(f.Name) == name && fits(f.Type.Kind()) {
				return i
			}
		}
	}
	return -1
}

func lower(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func isInteger(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Uint64 }
func isSlice(k reflect.Kind) bool   { return k == reflect.Slice }
func isBool(k reflect.Kind) bool    { return k == reflect.Bool }
