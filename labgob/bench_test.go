package labgob

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"reflect"
	"testing"
)

// A message of n entries, a third of them each with an int, a string and a struct as command.
func appendEntries(n int) *appendArgs {
	args := &appendArgs{Term: 3, LeaderId: 1, PrevLogIndex: 1000, PrevLogTerm: 2, LeaderCommit: 999}
	for i := range n {
		e := entry{Term: 3}
		switch i % 3 {
		case 0:
			e.Command = 100_000 + i
		case 1:
			e.Command = fmt.Sprintf("command %d", i)
		case 2:
			e.Command = op1{"Append", "key", "value", 1 << 40, i}
		}
		args.Entries = append(args.Entries, e)
	}
	return args
}

var entryCounts = []int{0, 1, 10, 50}

// BenchmarkMessage compares, in one run, what a message costs with a new encoder and decoder, as in
// 6.824, with a long-lived pair, and with the Copier that labrpc uses.
func BenchmarkMessage(b *testing.B) {
	for _, n := range entryCounts {
		args := appendEntries(n)
		typ := reflect.TypeFor[appendArgs]()
		b.Run(fmt.Sprintf("fresh-gob/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var w bytes.Buffer
				_ = gob.NewEncoder(&w).Encode(args)
				var got appendArgs
				_ = gob.NewDecoder(&w).Decode(&got)
			}
		})
		b.Run(fmt.Sprintf("pair/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			p := newPair()
			for b.Loop() {
				_, _ = p.move(reflect.New(typ), reflect.ValueOf(args).Elem(), false)
			}
		})
		b.Run(fmt.Sprintf("copier/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = CopierFor(typ, typ).Copy(reflect.ValueOf(args))
			}
		})
	}
}

// BenchmarkPersist is what a student's persist() does: a new encoder, two numbers, and the log.
func BenchmarkPersist(b *testing.B) {
	for _, n := range entryCounts {
		log := appendEntries(n).Entries
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var w bytes.Buffer
				e := NewEncoder(&w)
				_, _, _ = e.Encode(7), e.Encode(2), e.Encode(log)
			}
		})
	}
}
