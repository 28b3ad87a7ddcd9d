package model

import (
	"io"

	"github.com/anishathalye/porcupine"
)

// Draw writes porcupine's visualization of a history as a page of HTML: the operations of the key that
// is not linearizable (or of all keys, if they all are), with what was done to the service beside
// them. Places in ops and faults must be of the same order.
func Draw(w io.Writer, ops []Op, faults []Fault) error {
	if v := Check(ops, 0); v.Key != "" {
		ops = Keys(ops)[v.Key]
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
	_, info := porcupine.CheckOperationsVerbose(m, operations(ops), 0)
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
