package lab4

import (
	"fmt"
	"slices"
	"time"

	"raftlab/tester"
)

// servers are the servers of a controller or of a group, with what cases do to them.
type servers struct {
	*tester.Servers
	env *tester.Env
}

// fail ends the case. The violation is about the given servers, or about no one in particular.
func (s *servers) fail(rule tester.Rule, peers []int, format string, args ...any) {
	s.env.Fail(tester.Violation{Rule: rule, Message: fmt.Sprintf(format, args...), Peers: peers})
}

// others returns the servers, without the given ones.
func (s *servers) others(but ...int) []int {
	var rest []int
	for i := range s.N() {
		if !slices.Contains(but, i) {
			rest = append(rest, i)
		}
	}
	return rest
}

// shuffled returns the servers without the given ones, in an order drawn from the seed.
func (s *servers) shuffled(but ...int) []int {
	rest := s.others(but...)
	s.env.Rand().Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return rest
}

// anyLeader returns a server that believes it leads, or any server.
func (s *servers) anyLeader() int {
	order := s.shuffled()
	for _, i := range order {
		if _, leads := s.State(i); leads {
			return i
		}
	}
	return order[0]
}

// pause lets a random time of at most d go by.
func (s *servers) pause(d time.Duration) {
	s.env.Sleep(time.Duration(s.env.Rand().Int64N(int64(d) + 1)))
}
