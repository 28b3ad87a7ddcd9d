package engines

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"raftlab/internal/suite"
)

// Row is a line of the table: a group of runs.
type Row struct {
	Group              string
	Seeds              []uint64
	Runs, Judged, Same int
	Native, Wasm       time.Duration // processor time of all of them
}

// Rows sums up results by their groups, in their order.
func Rows(results []Result) []Row {
	var rows []Row
	at := map[string]int{}
	for _, r := range results {
		i, ok := at[r.Group]
		if !ok {
			i = len(rows)
			at[r.Group] = i
			rows = append(rows, Row{Group: r.Group})
		}
		row := &rows[i]
		row.Runs++
		if r.Judged() {
			row.Judged++
		}
		if r.Judged() && r.Equal() {
			row.Same++
		}
		row.Native += r.Sides.Native.CPU
		row.Wasm += r.Sides.Wasm.CPU
		row.Seeds = append(row.Seeds, r.Seed)
	}
	return rows
}

// Differences are the results whose runs differ, and those that could not be compared.
func Differences(results []Result) (different, unjudged []Result) {
	for _, r := range results {
		if !r.Judged() {
			unjudged = append(unjudged, r)
		} else if !r.Equal() {
			different = append(different, r)
		}
	}
	return different, unjudged
}

// maxListed is how many differences are listed below a table.
const maxListed = 20

// WriteTable writes a line for each group, the sums, and below it how runs differ.
func WriteTable(w io.Writer, results []Result) error {
	right := text.AlignRight
	t := suite.NewTable(table.ColumnConfig{Name: "same run", Align: right, AlignFooter: right},
		table.ColumnConfig{Name: "CPU native", Align: right, AlignFooter: right},
		table.ColumnConfig{Name: "CPU wasm", Align: right, AlignFooter: right})
	t.AppendHeader(table.Row{"case", "seeds", "same run", "CPU native", "CPU wasm"})
	var sum Row
	for _, r := range Rows(results) {
		t.AppendRow(table.Row{r.Group, seedsOf(r), ratio(r), seconds(r.Native), seconds(r.Wasm)})
		sum.Runs, sum.Judged, sum.Same = sum.Runs+r.Runs, sum.Judged+r.Judged, sum.Same+r.Same
		sum.Native, sum.Wasm = sum.Native+r.Native, sum.Wasm+r.Wasm
	}
	t.AppendFooter(table.Row{"", "", ratio(sum), seconds(sum.Native), seconds(sum.Wasm)})
	if _, err := io.WriteString(w, t.Render()+"\n"); err != nil {
		return err
	}
	different, unjudged := Differences(results)
	for _, r := range different[:min(len(different), maxListed)] {
		if _, err := fmt.Fprintf(w, "different: %s\n", r.Difference()); err != nil {
			return err
		}
	}
	for _, r := range unjudged[:min(len(unjudged), maxListed)] {
		if _, err := fmt.Fprintf(w, "not compared: %s\n", r.Difference()); err != nil {
			return err
		}
	}
	return nil
}

func ratio(r Row) string { return fmt.Sprintf("%d/%d", r.Same, r.Runs) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// seedsOf lists the seeds of a row, each once.
func seedsOf(r Row) string {
	seeds := slices.Sorted(slices.Values(r.Seeds))
	return suite.FormatSeeds(slices.Compact(seeds))
}
