package formats

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"

	"raftlab/internal/grade"
	"raftlab/internal/plain"
)

// canvas writes what the import of grades reads: a column with the title of the assignment, which
// is made if there is none. Students are found by their login, so folders have to be called like
// that. A student without a score has an empty cell, which leaves alone what is there.
func canvas(r *grade.Results) ([]byte, error) {
	title := "raftlab " + strings.Join(partNames(r), " ")
	rows := [][]string{
		{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", title},
		{"    Points Possible", "", "", "", "", ""},
	}
	for i, s := range r.Students {
		score := ""
		if s.Score != nil {
			score = s.Score.String()
		}
		if i == 0 {
			rows[1][5] = s.Max.String()
		}
		rows = append(rows, []string{plain.Cell(s.Name), "", "", plain.Cell(s.Name), "", score})
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

func partNames(r *grade.Results) (names []string) {
	for _, s := range r.Students {
		for _, p := range s.Parts {
			if !slices.Contains(names, p.Part) {
				names = append(names, p.Part)
			}
		}
	}
	return names
}
