package shardapi

import "testing"

// What controllers are given is theirs: changing it changes nothing that others have.
func TestPlacementClone(t *testing.T) {
	p := Placement{Num: 3, Groups: map[int][]string{1: {"a", "b"}}}
	given := p.Clone()
	if !given.Equal(p) {
		t.Fatalf("%v is no copy of %v", given, p)
	}
	given.Groups[1][0], given.Groups[2] = "told", []string{"told"}
	if len(p.Groups) != 1 || p.Groups[1][0] != "a" {
		t.Errorf("the original has become %v", p)
	}
}
