package adopt

import (
	"fmt"
	"slices"

	"raftlab/internal/contract"
)

// Auto asks for the year to be found out.
const Auto = "auto"

// firstYear is the oldest year that is adopted.
const firstYear = "2020"

// Years are the years that can be asked for.
func Years() []string { return contract.Years() }

// checkYear looks at a year that the user gave.
func checkYear(year string) error {
	if year == "" || year == Auto || slices.Contains(Years(), year) {
		return nil
	}
	return fmt.Errorf("--year %s: give %s, or a year: %v", year, Auto, Years())
}

// clue is something that tells a year: because of it a solution is not older than from, or not
// newer than to.
type clue struct {
	from, to string
	says     string
}

// guessYear tells the year from the course's files, as far as they were handed in, and from the
// names that the student's code uses.
func (c *conversion) guessYear() (year, why string) {
	clues := c.clues()
	from, to := clue{from: firstYear}, clue{to: "2026"}
	for _, k := range clues {
		if k.from > from.from {
			from = k
		}
		if k.to != "" && k.to < to.to {
			to = k
		}
	}
	switch {
	case from.says == "" && to.says == "":
		return "2023", "nothing in it tells its year; it is judged as one of 2023, and --year says otherwise"
	case from.from == to.to:
		return from.from, bothSay(from.says, to.says)
	case from.from > to.to: // a mixture; the newer rules are the stricter ones
		return from.from, from.says + ", although " + to.says
	case from.says == "":
		return to.to, to.says
	}
	return from.from, from.says
}

func bothSay(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "", a == b:
		return a
	}
	return a + ", and " + b
}

// clues are all that there are.
func (c *conversion) clues() (all []clue) {
	raft := c.layout.found["raft"]
	add := func(found bool, from, to, says string) {
		if found {
			all = append(all, clue{from, to, says})
		}
	}
	old := c.layout.found["shardkv/shardctrler"]
	add(old != nil && old.clause() == "shardmaster", firstYear, firstYear, "its controller is called shardmaster")
	add(c.imports("tester1") || c.imports("raft1"), "2025", "", "it imports tester1")
	if raft == nil {
		return append(all, c.serviceClues()...)
	}
	tests := raft.testNames()
	has := func(name string) bool { return slices.Contains(tests, name) }
	add(has("TestSnapshotInit2D") || has("TestFollowerFailure2B"), "2023", "2023", "its tests have FollowerFailure2B or SnapshotInit2D")
	add(has("TestInitialElection3A") && !c.imports("tester1"), "2024", "2024", "its tests call the Raft lab 3")
	add(has("TestSnapshotAllCrash2D") && !has("TestSnapshotInit2D"), "2022", "2022", "its tests have SnapshotAllCrash2D, and no SnapshotInit2D")
	add(has("TestSnapshotBasic2D") && !has("TestSnapshotAllCrash2D"), "2021", "2021", "its tests have SnapshotBasic2D, and no SnapshotAllCrash2D")
	add(has("TestInitialElection2A") && !has("TestSnapshotBasic2D"), firstYear, firstYear, "its tests have no part 2D")
	_, ingest := raft.method("config", "ingestSnap")
	config := raft.named("config.go")
	add(len(tests) == 0 && ingest != nil, "2022", "", "its config.go takes snapshots in from the peer's channel only")
	add(len(tests) == 0 && config != nil && ingest == nil && raft.exports("CondInstallSnapshot"), "2021", "2021",
		"its config.go asks CondInstallSnapshot and does not take snapshots in")
	add(raft.calls("Save") && !c.imports("tester1"), "2023", "", "it calls Persister.Save")
	add(raft.calls("SaveStateAndSnapshot") || raft.calls("SaveRaftState"), "", "2022", "it calls Persister.SaveRaftState")
	add(raft.exports("CondInstallSnapshot"), "2021", "", "it has CondInstallSnapshot")
	add(len(tests) == 0 && raft.exports("CondInstallSnapshot") && config == nil, "2022", "2022",
		"it has CondInstallSnapshot, and 2021 cannot be told from 2022 without the course's files (--year 2021, if it is of 2021)")
	add(raft.exports("Make") && !raft.exports("Snapshot"), firstYear, firstYear, "its Raft has no Snapshot")
	add(c.imports("tester1") && raft.exports("Make") && !raft.exports("Kill"), "2026", "", "its Raft has no Kill")
	return all
}

// serviceClues are those of a submission without Raft.
func (c *conversion) serviceClues() (all []clue) {
	for _, d := range c.layout.found {
		for _, name := range d.testNames() {
			if len(name) > 2 && name[len(name)-2:] == "4A" && d.clause() == "kvraft" {
				all = append(all, clue{"2024", "", "its tests call the key/value service lab 4"})
			}
		}
	}
	return all
}

// imports reports whether a part imports a package of this name.
func (c *conversion) imports(name string) bool {
	for _, d := range c.layout.found {
		for _, f := range d.files {
			for p := range f.imports() {
				if lastPart(p) == name {
					return true
				}
			}
		}
	}
	return false
}

// asksPeer is the last year whose tests asked a peer whether it still wants a snapshot.
const asksPeer = "2022"

// contract is the year by whose contract a solution of a year is judged: its own, unless the student
// has had config.go, which stands for the service, go on asking the peer. Nobody else tells that peer
// to take a snapshot in.
func (c *conversion) contract(year string) string {
	const asks = "CondInstallSnapshot"
	raft := c.layout.found["raft"]
	if year != "2023" && year != "2024" || raft == nil || !raft.exports(asks) {
		return year
	}
	config := raft.named("config.go")
	if config == nil {
		return year
	}
	call := config.call(asks)
	if call == nil {
		return year
	}
	c.notes.add(Named, config.name, config.line(call.Pos()), "asks %s, which the course's own has not done since %s: the peer is judged by the contract of that year (--contract %s: by its own)", asks, asksPeer, year)
	return asksPeer
}
