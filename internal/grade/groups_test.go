package grade

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

// Failures that differ in numbers, values and in how many peers they speak of are one.
func TestSignature(t *testing.T) {
	fail := func(message string) Run { return Run{Outcome: record.Fail, Rule: "rule", Message: message} }
	for _, alike := range [][]string{
		{"after 5s none leads the newest term: peer 0 has term 4", "after 1m2.5s none leads the newest term: peer 0 has term 4, peer 1 has term 12, peer 2 has term 7\nmore",
			"after 300ms none leads the newest term: peer 0 has term 4; peer 1 has term 12 and peer 3 has term 1"},
		{"peers [0 1] are late", "peers [0 1 2] are late", "peers [4] are late"},
		{`get "k1" -> "a" (client 1, 5.5 to 6 s)`, `get "k22" -> "b, c" (client 12, 5 to 6.25 s)`},
		{"lost 3, 4 and 5 of 17", "lost 3 of 4"},
	} {
		for _, other := range alike[1:] {
			assert.Equal(t, signature(fail(alike[0])), signature(fail(other)))
			assert.Equal(t, groupOf(fail(alike[0])), groupOf(fail(other)))
		}
	}
	assert.Equal(t, "peer N voted in term N for peer N, and then for peer N", signature(fail("peer 0 voted in term 9 for peer 0, and then for peer 1")))
	assert.NotEqual(t, signature(fail("peer 0 lost it")), signature(fail("peer 0 lost it, peer 1 found it")))

	stack := "goroutine 1 [running]:\nraftlab/kvsrv.(*Server).Get(0x1)\n"
	crash := Run{Outcome: record.Crash, Rule: string(record.Crash), Message: "index out of range [5] with length 3", Stack: stack}
	assert.Equal(t, "index out of range [N] with length N in kvsrv.(*Server).Get", signature(crash))
}
