package compare

import (
	"fmt"
	"math"

	"raftlab/internal/compare/experiment"
)

// Finding is what a row of a report costs and buys against another: the metrics in which the two
// clearly differ.
type Finding struct {
	Variant string   `json:"variant"`
	Peer    string   `json:"peer"`
	Against string   `json:"against"`
	Scene   string   `json:"scene,omitempty"`
	At      string   `json:"at,omitempty"`
	Buys    []string `json:"buys"`
	Costs   []string `json:"costs"`

	rival string // the peer that this one is measured against, where it is not measured against itself
}

// clearly is the least difference that is told, as a share. Where the values of the seeds overlap
// none is.
const clearly = 0.05

// findings compare each variant with the one that it is measured against. Where a peer has no row of
// that, the variant is compared with the same one on the first peer. Of a sweep the two ends are
// told.
func (r *Report) findings() []Finding {
	all := []Finding{}
	for _, row := range r.Rows {
		if r.Swept != "" && row.At != r.Rows[0].At && row.At != r.lastPoint() {
			continue
		}
		against, name, rival := r.row(row.Against, row.Peer, row.At), row.Against, ""
		if against == nil && row.Peer != r.Rows[0].Peer {
			rival = r.Rows[0].Peer
			against, name = r.row(row.Variant, rival, row.At), row.Variant+" on "+rival
		}
		if against == nil {
			continue
		}
		f := Finding{Variant: row.Variant, Peer: row.Peer, Against: name, Scene: row.Scene, At: row.At, Buys: []string{}, Costs: []string{}, rival: rival}
		for i, m := range r.Metrics {
			switch text, better := difference(m, against.Values[i], row.Values[i]); {
			case text == "":
			case better:
				f.Buys = append(f.Buys, text)
			default:
				f.Costs = append(f.Costs, text)
			}
		}
		if lacks := row.lacks(); lacks != "" {
			f.Costs = append(f.Costs, lacks)
		}
		all = append(all, f)
	}
	return all
}

// lastPoint is the last value of the setting that is swept.
func (r *Report) lastPoint() string { return r.Rows[len(r.Rows)-1].At }

func (r *Report) row(variant, peer, at string) *Row {
	for i := range r.Rows {
		if row := &r.Rows[i]; variant != "" && row.Variant == variant && row.Peer == peer && row.At == at {
			return row
		}
	}
	return nil
}

// lacks says why a row has no numbers at all, or "".
func (r Row) lacks() string {
	for _, v := range r.Values {
		if v.Short == "" {
			return ""
		}
	}
	return r.Values[0].Short
}

// difference tells how a metric has changed, and whether to the better. It is empty where it has
// not clearly.
func difference(m experiment.Metric, before, after Spread) (text string, better bool) {
	if m.Better == "" || before.Short != "" || after.Short != "" {
		return "", false
	}
	apart := after.Least > before.Most || after.Most < before.Least
	if !apart || math.Abs(after.Median-before.Median) < clearly*math.Abs(before.Median) {
		return "", false
	}
	text = fmt.Sprintf("%s %s → %s", m.Name, number(before.Median), number(after.Median))
	if m.Unit != "" {
		text += " " + m.Unit
	}
	return text, (after.Median < before.Median) == (m.Better == experiment.Less)
}
