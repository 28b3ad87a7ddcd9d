package labrpc

import (
	"fmt"
	"math/bits"
	"time"
)

// decision is one of the questions that a call puts to the weather.
type decision uint64

const (
	requestDelay decision = iota + 1
	requestLoss
	replyDelay
	replyLoss
	replyOvertaken
	overtakenWithin
	overtakenBy
	lossNoticed
	deadNoticed
	duplicated
	duplicateDelay
)

// The durations and probabilities of the network. Those of the unreliable network are the ones that
// 6.824 has always had.
const (
	reliableMin, reliableMax = 100 * time.Microsecond, 900 * time.Microsecond
	unreliableMax            = 26 * time.Millisecond // of a request, on an unreliable network
	lossPercent              = 10                    // of requests, and of replies, there
	lossMin, lossMax         = time.Millisecond, 26 * time.Millisecond
	deadMin, deadMax         = time.Millisecond, 99 * time.Millisecond // until a call to a dead server fails
	longDeadMax              = 7 * time.Second                         // the same with LongDelays
	overtakenPerMille        = 667                                     // of replies, with LongReordering
	overtakenMin             = 200 * time.Millisecond
	overtakenSpan            = 2 * time.Second // they take 200 ms and up to this much more, 0.7 s on average
	duplicatePercent         = 10              // of requests, with Duplicates
	duplicateMax             = 300 * time.Millisecond
)

// weather answers the questions of one call. Each answer is a hash of (seed, edge, number of the
// call on that edge, question), and not the next draw from a stream that all calls share:
//
//	shared stream     0->1   0->2   0->1   1->0      one more call on 0->1, and all that
//	                   w1     w2     w3     w4        comes later meets other weather
//
//	hash              0->1 #1   0->2 #1   0->1 #2   1->0 #1      nothing else changes
//
// So a bug found under one seed is still there after a change that sends one message more.
type weather uint64

func forecast(seed, edge, n uint64) weather {
	return weather(mix(mix(mix(seed)^edge) ^ n))
}

// kin is what a phase of the call descends from, in the eyes of the engine's Go runtime: when the
// goroutine of a handler has its turn, and what it draws, is a function of the message and not of
// what its sender has done before.
func (w weather) kin(p phase, second bool) uint64 {
	k := uint64(p) << 1
	if second {
		k |= 1
	}
	return mix(uint64(w) ^ mix(1<<32|k))
}

// mix is the finalizer of splitmix64: each bit of x changes half the bits of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below is uniform in [0, n).
func (w weather) below(d decision, n uint64) uint64 {
	hi, _ := bits.Mul64(mix(uint64(w)^mix(uint64(d))), n)
	return hi
}

func (w weather) percent(d decision, p uint64) bool { return w.below(d, 100) < p }

// between is uniform in [lo, hi), to the nanosecond, so that hardly two things happen at once; lo
// if there is nothing between.
func (w weather) between(d decision, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(w.below(d, uint64(hi-lo)))
}

// latency is what Network.Latency sets: how long a message travels, one way.
type latency struct{ low, high time.Duration }

// request says how long a request travels, and whether it is lost. The delays of an unreliable
// network come on top of a latency that has been set.
func (w weather) request(l latency, reliable bool) (delay time.Duration, lost bool) {
	if reliable {
		return w.oneWay(requestDelay, l), false
	}
	return l.low + w.between(requestDelay, 0, unreliableMax), w.percent(requestLoss, lossPercent)
}

// oneWay is how long a message takes if nothing holds it up.
func (w weather) oneWay(d decision, l latency) time.Duration {
	if l == (latency{}) {
		return w.between(d, reliableMin, reliableMax)
	}
	return w.between(d, l.low, l.high)
}

// reply says the same of the reply. With reordering most replies are overtaken by those to many
// later calls.
func (w weather) reply(l latency, reliable, reordering bool) (delay time.Duration, lost bool) {
	if !reliable && w.percent(replyLoss, lossPercent) {
		return 0, true
	}
	if reordering && w.below(replyOvertaken, 1000) < overtakenPerMille {
		return l.low + w.overtaken(), false
	}
	return w.oneWay(replyDelay, l), false
}

// overtaken is short more often than long: uniform up to a bound that is uniform itself.
func (w weather) overtaken() time.Duration {
	bound := w.between(overtakenWithin, 1, overtakenSpan)
	return overtakenMin + time.Duration(w.below(overtakenBy, uint64(bound)))
}

// again says whether a request is delivered twice where that can happen, and how long after the
// first time.
func (w weather) again(reordering bool) (delay time.Duration, yes bool) {
	if !w.percent(duplicated, duplicatePercent) {
		return 0, false
	}
	if reordering {
		return w.overtaken(), true
	}
	return w.between(duplicateDelay, 0, duplicateMax), true
}

// loss says how soon a caller learns that its call has failed on the way.
func (w weather) loss() time.Duration { return w.between(lossNoticed, lossMin, lossMax) }

// dead says how soon a caller learns that nobody answers.
func (w weather) dead(long bool) time.Duration {
	if long {
		return w.between(deadNoticed, deadMin, longDeadMax)
	}
	return w.between(deadNoticed, deadMin, deadMax)
}

// hashName gives names of ends and servers a number that is the same in every run.
func hashName(names ...any) uint64 {
	h := uint64(len(names))
	for _, name := range names {
		for _, b := range []byte(fmt.Sprintf("%#v", name)) {
			h = mix(h ^ uint64(b))
		}
		h = mix(h)
	}
	return h
}
