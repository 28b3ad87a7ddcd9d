package topology

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hears draws who hears whom: a row for each sender.
func hears(works Links, n int) string {
	var rows []string
	for from := range n {
		row := ""
		for to := range n {
			switch {
			case from == to:
				row += "."
			case works(from, to):
				row += "x"
			default:
				row += "-"
			}
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, " ")
}

func order(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// As in the drawings.
func TestDrawings(t *testing.T) {
	require.Equal(t, ".x--- x.--- --.xx --x.x --xx.", hears(Halves(order(5)), 5))
	require.Equal(t, ".xx-- x.x-- xx.xx --x.x --xx.", hears(Bridge(order(5)), 5))
	require.Equal(t, ".x--x x.x-- -x.x- --x.x x--x.", hears(Ring(order(5)), 5))
	require.Equal(t, ".xxxx x.--- x-.-- x--.- x---.", hears(Star(order(5)), 5))
	require.Equal(t, ".x--- x.x-- -x.x- --x.x ---x.", hears(Chain(order(5)), 5))
	require.Equal(t, ".x--- x.xxx -x.-- -x-.- -x--.", hears(Star([]int{1, 0, 2, 3, 4}), 5), "roles go by the order")
	require.Equal(t, ".xx -.- xx.", hears(Mute(1), 3))
	require.Equal(t, ".-x x.x x-.", hears(Deaf(1), 3))
	require.Equal(t, ".-x -.- x-.", hears(Alone(1), 3))
	require.Equal(t, ".xx-x x.xxx xx.-x -x-.x xxxx.", hears(Halves([]int{3, 2, 0}), 5), "1 and 4 are in no order")
}

// What a topology promises, for as many servers as there are in cases.
func TestThreeToSeven(t *testing.T) {
	for n := 3; n <= 7; n++ {
		majority := n/2 + 1
		for name, works := range map[string]Links{"halves": Halves(order(n)), "bridge": Bridge(order(n)), "ring": Ring(order(n)),
			"wide ring": WideRing(order(n)), "chain": Chain(order(n)), "star": Star(order(n)), "alone": Alone(0)} {
			least, most, reached := n, 0, map[int]bool{0: true}
			whole := true
			for range n { // enough rounds for the longest way
				for from := range n {
					for to := range n {
						if reached[from] && works(from, to) {
							reached[to] = true
						}
					}
				}
			}
			for from := range n {
				seen := 0
				for to := range n {
					assert.Equal(t, works(from, to), works(to, from), "%s of %d: links work both ways", name, n)
					if works(from, to) {
						seen++
					}
				}
				least, most, whole = min(least, seen), max(most, seen), whole && seen == n
			}
			assert.False(t, whole, "%s of %d connects everybody", name, n)
			switch name {
			case "halves":
				assert.Equal(t, []int{n / 2, n - n/2}, []int{least, most})
				assert.Len(t, reached, n/2)
			case "bridge", "star":
				assert.Equal(t, n, most, "%s of %d: one server hears all", name, n)
				assert.Len(t, reached, n, "%s of %d: messages can get everywhere", name, n)
			case "ring":
				assert.LessOrEqual(t, most, 3)
				assert.Len(t, reached, n)
			case "wide ring":
				assert.GreaterOrEqual(t, most, majority)
				assert.Len(t, reached, n)
				if n > 3 {
					assert.Equal(t, least, most, "a wide ring of %d: nobody is special", n)
				}
			case "chain":
				assert.Equal(t, []int{2, 3}, []int{least, most})
				assert.Len(t, reached, n)
			case "alone":
				assert.Len(t, reached, 1)
			}
		}
	}
}
