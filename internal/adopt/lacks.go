package adopt

import "slices"

// This file is about what cannot be judged: packages that are not there, and what the course does
// not ask for.

// gradedBy are the parts that a package is tested by, by its place.
var gradedBy = map[string][]string{
	"kvsrv":               {"1A", "1B", "1C", "1D"},
	"raft":                {"2A", "2B", "2C", "2D", "2E", "2F", "2G"},
	"kvraft":              {"3A", "3B", "3C", "3D", "3E", "3R"},
	"shardkv/shardctrler": {"4A"},
	"shardkv":             {"4B", "4C", "4D", "4E", "4F"},
}

// extra are the parts that are about more than the course asks for: its peers and services have no
// way to be asked.
var extra = []struct {
	place, says string
	parts       []string
}{
	{"raft", "2E to 2G are not graded: PreVote, CheckQuorum and pipelined replication are extensions that the course does not have", []string{"2E", "2F", "2G"}},
	{"kvraft", "3C to 3E are not graded: the course has reads through the log only", []string{"3C", "3D", "3E"}},
}

// lack notes that parts cannot be judged, and why. What was noted first stays.
func (c *conversion) lack(parts []string, why string) {
	for _, part := range parts {
		if c.lacks[part] == "" {
			c.lacks[part] = why
		}
	}
}

// beyond notes what the course does not ask for.
func (c *conversion) beyond() {
	if c.Year < "2025" {
		c.lack([]string{"3R"}, "3R is not graded: it is about package rsm, which the course has since 2025")
		c.lack([]string{"4D", "4E", "4F"}, "4D to 4F are not graded: they are about package shardkv1, which the course has since 2025")
	} else {
		c.lack([]string{"4A", "4B", "4C"}, "4A to 4C are not graded: they are about a controller that is a service, which the course had until 2024; 4D to 4F are about shardkv1")
	}
	for _, e := range extra {
		c.lack(e.parts, e.says)
	}
}

// Graded are the parts that can be judged.
func (a *Adopted) Graded() (all []string) {
	for _, of := range gradedBy {
		for _, part := range of {
			if a.Lacks[part] == "" {
				all = append(all, part)
			}
		}
	}
	slices.Sort(all)
	return all
}
