package model

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Limits of a picture: of the search for what it shows, and of what is in it.
const (
	pictureSteps = 20_000
	pictureTime  = 10 * time.Second
	pictureOps   = 1_000  // operations
	pictureMoves = 40_000 // operations in all orders that are shown
	pictureNotes = 2_000  // things that were done to the service
	pictureBytes = 4 << 20
)

// Draw writes porcupine's visualization of a history as a page of HTML: the operations of the key
// that is not linearizable (or of all keys, if they all are), with what was done to the service
// beside them. Places in ops and faults must be of the same order. A picture that leaves something
// out says so in a note at its beginning: operations long before the one that cannot be explained,
// or the orders that were tried. It leaves out as much as it takes for the page to have at most 4
// MiB.
func Draw(w io.Writer, ops []Op, faults []Fault) error {
	if v := Check(ops, 0); v.Key != "" {
		ops = Keys(ops)[v.Key]
		if v.Op != nil {
			ops = until(ops, v.Op.Return) // what came later explains nothing
		}
	}
	if !isVersioned(ops) {
		ops = withoutUnseen(ops)
	}
	m := modelOf(ops)
	m.Partition, m.DescribeOperation = byKeys, func(input, _ any) string { return briefly(*input.(*Op)) }
	var page bytes.Buffer
	for p := wholePicture; ; p = p.half() {
		page.Reset()
		shown, info := p.explored(m, ops, faults)
		info.AddAnnotations(annotations(shown))
		if err := porcupine.Visualize(m, info, &page); err != nil {
			return err
		}
		if page.Len() <= pictureBytes || p.ops <= 1 {
			break
		}
	}
	_, err := w.Write(page.Bytes())
	return err
}

// Longest returns the longest order of a history's operations on one key that explains their
// answers, as the places of their calls, as far as a bounded search finds one. Where the history is
// not linearizable it ends before operations that no order explains.
func Longest(ops []Op, key string) (calls []int) {
	ops = Keys(ops)[key]
	if !isVersioned(ops) {
		ops = withoutUnseen(ops)
	}
	m := modelOf(ops)
	m.Partition = byKeys
	_, info := wholePicture.explored(m, ops, nil)
	for _, part := range info.PartialLinearizationsOperations() {
		for _, order := range part {
			if len(order) <= len(calls) {
				continue
			}
			calls = calls[:0]
			for _, o := range order {
				calls = append(calls, int(o.Call))
			}
		}
	}
	return calls
}

// extent is how much of a history is shown.
type extent struct{ ops, moves, notes int }

var wholePicture = extent{pictureOps, pictureMoves, pictureNotes}

func (x extent) half() extent { return extent{x.ops / 2, x.moves / 2, x.notes / 2} }

func byKeys(history []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[string][]porcupine.Operation{}
	var keys []string
	for _, o := range history {
		key := o.Input.(*Op).Key
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], o)
	}
	parts := make([][]porcupine.Operation, len(keys))
	for i, key := range keys {
		parts[i] = byKey[key]
	}
	return parts
}

// explored looks how far the best orders get. That is a search of its own, which ends when its
// budget is used up or the time is over; what was found by then is drawn, if it is not too much.
// The faults that it returns begin with what is left out.
func (x extent) explored(m porcupine.Model, ops []Op, faults []Fault) ([]Fault, porcupine.LinearizationInfo) {
	at := 0
	if len(ops) > 0 {
		at = ops[0].Call
	}
	partial := func(what string) { faults = append([]Fault{{"this picture is partial: " + what, at, at}}, faults...) }
	if n := len(faults); n > x.notes {
		faults = faults[n-x.notes:]
		partial(fmt.Sprintf("it shows the last %d of %d notes on the service", x.notes, n))
	}
	steps := pictureSteps
	if n := len(ops); n > x.ops {
		ops = slices.SortedStableFunc(slices.Values(ops), func(a, b Op) int { return cmp.Compare(a.Call, b.Call) })[n-x.ops:]
		at, steps = ops[0].Call, 0 // without their past, no order explains them
		partial(fmt.Sprintf("it shows the last %d of %d operations, and no orders of them", x.ops, n))
	}
	search, spent := bounded(m, len(ops), steps)
	result, info := porcupine.CheckOperationsVerbose(search, operations(ops), pictureTime)
	moves := 0
	for _, part := range info.PartialLinearizations() {
		for _, order := range part {
			moves += len(order)
		}
	}
	switch {
	case moves > x.moves:
		none, _ := bounded(m, len(ops), 0)
		_, info = porcupine.CheckOperationsVerbose(none, operations(ops), pictureTime)
		partial("the orders that were tried are too many to be shown")
	case steps > 0 && (result == porcupine.Unknown || spent() > steps):
		partial("not all orders were tried")
	}
	return faults, info
}

func annotations(faults []Fault) []porcupine.Annotation {
	var all []porcupine.Annotation
	for _, f := range faults {
		a := porcupine.Annotation{Tag: "service", Start: int64(f.From), Description: cut(f.What)}
		if f.To != f.From {
			a.End = int64(f.To)
		}
		all = append(all, a)
	}
	return all
}

// cut bounds what is said about one thing: there may be as many links in it as there are pairs of
// servers.
func cut(s string) string {
	const most = 400
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
