// Package sharded sets up a sharded service for those who test or measure one: a controller and
// some groups on one simulated network, and their clients. It says nothing of what they owe; that
// is for the cases of lab 4 and lab porcupine-shards.
//
//	group        0          1          2
//	             controller
//	gid          -         101        102          groups must not be taken for places in a list
//	servers   0  1  2    3  4  5    6  7  8        as tester.Groups numbers them
//	names        -       "101/0"..  "102/0"..      as configurations have them
//
// All groups run from the start on. Which of them are members of a configuration is up to whoever
// uses a clerk of the controller.
package sharded

import (
	"fmt"
	"slices"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Controller is the group of the controller.
const Controller = 0

// Setup says what service is wanted.
type Setup struct {
	Service  func() shardapi.Service // makes one for each server and each client
	Sizes    []int                   // servers of the controller, and of each group
	MaxState int                     // maxraftstate of the groups in bytes; -1: no snapshots
	Options  kvapi.Options
	Machines tester.Options

	// Extensions are those that a server's peer has besides Options.Extensions; nil: none.
	Extensions func(server int) []string
}

// Service is a service that runs.
type Service struct {
	*tester.Groups
	env   *tester.Env
	setup Setup
}

// Start starts all servers. It is for the case's main goroutine.
func Start(e *tester.Env, want Setup) *Service {
	s := &Service{env: e, setup: want}
	s.Groups = e.NewGroups(s.start, want.Sizes, want.Machines)
	return s
}

// start starts one server.
func (s *Service) start(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	group, first := 0, 0
	for me >= first+s.setup.Sizes[group] {
		first += s.setup.Sizes[group]
		group++
	}
	o := s.setup.Options
	o.Extensions = slices.Clone(o.Extensions) // whoever gets them may change them
	if s.setup.Extensions != nil {
		o.Extensions = raftapi.AddExtensions(o.Extensions, s.setup.Extensions(me)...)
	}
	last, control := first+s.setup.Sizes[group], s.setup.Sizes[Controller]
	own, ctrlers := ends[first:last:last], ends[:control:control] // whoever appends to one shall not change the others
	if group == Controller {
		return s.setup.Service().Controller.Start(own, me, p, kvapi.Options{Raft: o.Raft, Extensions: o.Extensions})
	}
	makeEnd := func(name string) *labrpc.ClientEnd { return ends[s.ServerOf(name)] }
	return s.setup.Service().Groups.Start(own, me-first, p, s.setup.MaxState, GID(group), ctrlers, makeEnd, o)
}

// GID is the gid of a group.
func GID(group int) int { return 100 + group }

// GIDs are the gids of these groups.
func GIDs(groups ...int) (gids []int) {
	for _, group := range groups {
		gids = append(gids, GID(group))
	}
	return gids
}

// Owner returns the group that has a shard in a configuration; 0 for none.
func Owner(c shardapi.Config, shard int) int { return max(0, c.Shards[shard]-GID(0)) }

// name is the name of server i of a group.
func name(group, i int) string { return fmt.Sprintf("%d/%d", GID(group), i) }

// Names are the names of a group's servers.
func (s *Service) Names(group int) (names []string) {
	for i := range s.setup.Sizes[group] {
		names = append(names, name(group, i))
	}
	return names
}

// ServerOf is the number of the server with this name. It ends the case if there is none.
func (s *Service) ServerOf(wanted string) int {
	n := 0
	for group, size := range s.setup.Sizes {
		for i := range size {
			if group != Controller && name(group, i) == wanted {
				return n
			}
			n++
		}
	}
	s.env.Fail(tester.Violation{Rule: tester.RuleNetwork, Message: fmt.Sprintf(
		"makeEnd(%q): no group has a server with that name; names are those in the Groups of a configuration", wanted)})
	return -1
}

// Joining is what a clerk's Join takes for these groups to join.
func (s *Service) Joining(groups ...int) map[int][]string {
	servers := map[int][]string{}
	for _, group := range groups {
		servers[GID(group)] = s.Names(group)
	}
	return servers
}

// Administrator makes the clerk of a client that changes configurations.
func (s *Service) Administrator(client *tester.Client) (clerk shardapi.ControllerClerk) {
	ends := client.EndsTo(s.Members(Controller)...)
	client.Make(func() { clerk = s.setup.Service().Controller.Clerk(ends, kvapi.Options{}) })
	return clerk
}

// User makes the clerk of a client that reads and writes.
func (s *Service) User(client *tester.Client) (clerk kvapi.ClassicClerk) {
	makeEnd := func(name string) *labrpc.ClientEnd { return client.EndsTo(s.ServerOf(name))[0] }
	ends := client.EndsTo(s.Members(Controller)...)
	client.Make(func() { clerk = s.setup.Service().Groups.Clerk(ends, makeEnd, s.setup.Options) })
	return clerk
}
