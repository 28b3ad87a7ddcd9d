package labrpc_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// A fate overrules the weather for its call, and leaves the others alone.
func TestFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			kind labrpc.Kind
			n    uint64
			at   time.Duration
		}
		play := func(fates map[uint64]labrpc.Fate, all labrpc.Fate) (seen []told, ok []bool) {
			rn, began := labrpc.MakeNetwork(), time.Now()
			defer rn.Cleanup()
			rn.Seed(5)
			rn.Reliable(false)
			rn.LongReordering(true)
			rn.Duplicates(true)
			if fates != nil {
				rn.Fates(func(from, to int, n uint64) labrpc.Fate {
					require.Equal(t, []int{7, 8}, []int{from, to})
					if f, given := fates[n]; given {
						return f
					}
					return all
				})
			}
			srv := labrpc.MakeServer()
			srv.AddService(labrpc.MakeService(&Echoer{}))
			rn.AddServer(8, srv)
			end := rn.MakeEdge("e", 7, 8)
			rn.Connect("e", 8)
			rn.Enable("e", true)
			rn.Observe(func(m *labrpc.Message) { seen = append(seen, told{m.Kind, m.N, time.Since(began)}) })
			for i := range 30 {
				began = time.Now()
				var reply string
				ok = append(ok, end.Call("Echoer.Text", i, &reply))
				time.Sleep(5 * time.Second)
			}
			return seen, ok
		}
		weather, _ := play(nil, labrpc.Fate{})
		same, _ := play(map[uint64]labrpc.Fate{}, labrpc.Fate{})
		require.Equal(t, weather, same, "a fate that says nothing changes nothing")

		calm := labrpc.Fate{NoLoss: true, NoDelay: true, NoOvertaking: true, NoDuplicate: true}
		fates := map[uint64]labrpc.Fate{
			3: {LoseRequest: true}, 4: {LoseReply: true, NoLoss: true},
			5: {NoLoss: true, NoDuplicate: true, Request: 40 * time.Millisecond, Reply: 50 * time.Millisecond},
			6: {NoLoss: true, NoDelay: true, Twice: 60 * time.Millisecond},
		}
		seen, ok := play(fates, calm)
		var of [31][]told
		for _, e := range seen {
			of[e.n] = append(of[e.n], e)
		}
		for n := uint64(1); n <= 30; n++ {
			switch n {
			case 3:
				require.False(t, ok[n-1])
				require.Equal(t, []labrpc.Kind{labrpc.Sent, labrpc.Dropped}, []labrpc.Kind{of[n][0].kind, of[n][1].kind})
			case 4:
				require.False(t, ok[n-1])
				require.Contains(t, of[n], told{labrpc.Dropped, n, of[n][2].at}, "handled, and then lost")
			case 5:
				require.Equal(t, 40*time.Millisecond, of[n][1].at)
				require.Equal(t, 90*time.Millisecond, of[n][len(of[n])-1].at)
			case 6:
				var delivered []time.Duration
				for _, e := range of[n] {
					if e.kind == labrpc.Delivered {
						delivered = append(delivered, e.at)
					}
				}
				require.Len(t, delivered, 2)
				require.Equal(t, 60*time.Millisecond, delivered[1]-delivered[0])
			default:
				require.True(t, ok[n-1])
				require.Len(t, of[n], 4, "sent, delivered, handled, replied")
				require.Less(t, of[n][3].at, 1800*time.Microsecond)
			}
		}
	})
}

// Echoer is a server that answers at once.
type Echoer struct{}

func (*Echoer) Text(args int, reply *string) { *reply = "yes" }
