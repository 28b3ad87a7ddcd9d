package kvraft

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// call is what a clerk asked for.
type call struct{ what, key, value string }

// oneMap is what the service is to look like: one map, and one operation after the other. States
// are the values of one key, since keys do not influence each other.
var oneMap = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range history {
			key := o.Input.(call).key
			byKey[key] = append(byKey[key], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		switch c := input.(call); c.what {
		case "get":
			return output == state, state
		case "put":
			return true, c.value
		default:
			return true, state.(string) + c.value
		}
	},
}

// record has five clerks do what they like to three keys, on a bad network with failing servers,
// and returns what they saw.
func record(t *testing.T, reads kvapi.ReadPath) (history []porcupine.Operation) {
	inBubble(t, 2000, []Option{WithReads(reads)}, func(c *cluster) {
		c.Net.Reliable(false)
		c.Net.Duplicates(true)
		start := time.Now()
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range 5 {
			ck := c.clerk()
			group.Go(func() {
				for n := range 40 {
					in, out := call{key: fmt.Sprint(rand.N(3)), value: fmt.Sprintf("%d:%d ", i, n)}, ""
					called := time.Since(start)
					switch p := rand.N(10); {
					case p < 5:
						in.what = "get"
						out = ck.Get(in.key)
					case p < 7:
						in.what = "put"
						ck.Put(in.key, in.value)
					default:
						in.what = "append"
						ck.Append(in.key, in.value)
					}
					mu.Lock()
					history = append(history, porcupine.Operation{
						ClientId: i, Input: in, Output: out, Call: int64(called), Return: int64(time.Since(start)),
					})
					mu.Unlock()
				}
			})
		}
		over := make(chan struct{})
		go func() { group.Wait(); close(over) }()
		c.trouble(over)
	})
	return history
}

func TestLinearizable(t *testing.T) {
	for _, reads := range kvapi.ReadPaths {
		t.Run(string(reads), func(t *testing.T) {
			// The bubble is over when the checker runs: its own limit is in real time.
			result := porcupine.CheckOperationsTimeout(oneMap, record(t, reads), 20*time.Second)
			if reads == kvapi.ReadLocal {
				require.Equal(t, porcupine.Illegal, result, "local reads have to be caught")
			} else {
				require.Equal(t, porcupine.Ok, result)
			}
		})
	}
}
