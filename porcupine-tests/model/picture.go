package model

import (
	"io"
	"time"

	"github.com/anishathalye/porcupine"
)

// Limits of a picture.
const (
	pictureSteps = 20_000
	pictureTime  = 10 * time.Second
)

// Draw writes porcupine's visualization of a history as a page of HTML: the operations of the key that
// is not linearizable (or of all keys, if they all are), with what was done to the service beside
// them. Places in ops and faults must be of the same order.
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
	m.Partition = func(history []porcupine.Operation) [][]porcupine.Operation {
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
	// The picture shows how far the best orders get. Looking for them is a search of its own, which ends when this
	// budget is used up or the time is over; what was found by then is drawn.
	m, _ = bounded(m, len(ops), pictureSteps)
	_, info := porcupine.CheckOperationsVerbose(m, operations(ops), pictureTime)
	info.AddAnnotations(annotations(faults))
	return porcupine.Visualize(m, info, w)
}

func annotations(faults []Fault) []porcupine.Annotation {
	var all []porcupine.Annotation
	for _, f := range faults {
		a := porcupine.Annotation{Tag: "service", Start: int64(f.From), Description: f.What}
		if f.To != f.From {
			a.End = int64(f.To)
		}
		all = append(all, a)
	}
	return all
}
