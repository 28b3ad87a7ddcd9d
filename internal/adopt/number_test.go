package adopt

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/submission"
)

// The number of a configuration is found where a student has given the field another name.
func TestNumberOfAConfiguration(t *testing.T) {
	for fields, want := range map[string]string{
		"Num int; Shards [10]int; Groups map[int][]string":          "Num",
		"Idx int; Shards [10]int; Groups map[int][]string":          "Idx",
		"Idx, Version int; Shards [10]int; Groups map[int][]string": "Num",
	} {
		text := "package shardctrler\n\ntype Config struct { " + fields + " }\n"
		d := parse([]submission.File{{Name: "shardctrler/common.go", Text: []byte(text)}}).dirs["shardctrler"]
		assert.Equal(t, want, d.numberField(), fields)
	}
}
