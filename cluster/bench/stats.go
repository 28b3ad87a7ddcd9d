package bench

import (
	"math"
	"slices"
)

// Estimate is the middle of some ratios, and where it lies with 95 % confidence.
type Estimate struct {
	Middle float64 `json:"middle"`
	Low    float64 `json:"low,omitempty"` // 0: there are too few pairs for an interval
	High   float64 `json:"high,omitempty"`
}

// Known says whether there is an interval.
func (e Estimate) Known() bool { return e.High > 0 }

// Narrow says whether there is an interval, and it is at most so wide.
func (e Estimate) Narrow(width float64) bool { return e.Known() && e.High-e.Low <= width }

// missed is the share that an interval may miss, on each side.
const missed = 0.025

// estimate is the Hodges-Lehmann estimate of ratios, on their logarithms: the median of the means
// of all pairs of them, each with itself, too. The interval comes from the distribution of the
// signed-rank statistic, which is exact for ratios that lie symmetrically.
func estimate(ratios []float64) Estimate {
	var walsh []float64
	for i, a := range ratios {
		for _, b := range ratios[i:] {
			walsh = append(walsh, (math.Log(a)+math.Log(b))/2)
		}
	}
	if len(walsh) == 0 {
		return Estimate{}
	}
	slices.Sort(walsh)
	e := Estimate{Middle: math.Exp(median(walsh))}
	if cut, ok := signedRank(len(ratios)); ok {
		e.Low, e.High = math.Exp(walsh[cut]), math.Exp(walsh[len(walsh)-1-cut])
	}
	return e
}

// signedRank returns the largest value that the signed-rank statistic of n differences exceeds but
// for 2.5 %. false: n is below 6, and even the smallest value is more likely.
func signedRank(n int) (cut int, ok bool) {
	ways := []float64{1} // in how many ways a sum of some of the ranks 1 to n comes about
	for rank := 1; rank <= n; rank++ {
		next := append(slices.Clone(ways), make([]float64, rank)...)
		for sum, w := range ways {
			next[sum+rank] += w
		}
		ways = next
	}
	below := 0.0
	for sum, w := range ways {
		if below += w; below/math.Pow(2, float64(n)) > missed {
			return sum - 1, sum > 0
		}
	}
	return 0, false
}

// median is the middle of numbers in order.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
