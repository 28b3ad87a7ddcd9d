package lab4

import (
	"fmt"

	"raftlab/labs/kit"
	"raftlab/labs/sharded"
	"raftlab/shardapi"
	"raftlab/tester"
)

// chief is the one who changes configurations in cases of 4B and 4C. What the chief does stands in
// the trace as a note.
type chief struct {
	s      *service
	client *tester.Client
	clerk  shardapi.ControllerClerk
}

func (s *service) newChief() *chief {
	client := s.NewClient()
	return &chief{s, client, s.groups.Administrator(client)}
}

// do has the chief do something, and waits until it is done.
func (c *chief) do(what string, f func()) {
	c.s.env.Note("%s", what)
	if !c.s.env.Await(c.begin(f), tester.ProgressLimit) {
		c.s.Fail(tester.RuleNoProgress, nil, "the controller is well, and has not answered to %q within %v", what, tester.ProgressLimit)
	}
}

// begin has the chief do something, and does not wait.
func (c *chief) begin(f func()) <-chan struct{} {
	return c.client.Go(func() { c.client.Call(f) })
}

// join adds groups.
func (s *service) join(groups ...int) {
	s.chief.do(fmt.Sprintf("groups %v join", groups), func() { s.chief.clerk.Join(s.groups.Joining(groups...)) })
}

// leave takes groups away.
func (s *service) leave(groups ...int) {
	s.chief.do(fmt.Sprintf("groups %v leave", groups), func() { s.chief.clerk.Leave(sharded.GIDs(groups...)) })
}

// move gives a shard to a group.
func (s *service) move(shard, group int) {
	s.chief.do(fmt.Sprintf("shard %d moves to group %d", shard, group), func() { s.chief.clerk.Move(shard, sharded.GID(group)) })
}

// config asks for the latest configuration.
func (s *service) config() (latest shardapi.Config) {
	s.chief.do("ask for the configuration", func() { latest = s.chief.clerk.Query(-1) })
	return latest
}

// owner returns the group that has a shard in a configuration; 0 for none.
func owner(c shardapi.Config, shard int) int { return sharded.Owner(c, shard) }

// user is a client of the service.
type user struct{ *kit.User }

// user makes a new user, who reaches all servers.
func (s *service) user() user {
	client := s.NewClient()
	u := user{kit.NewUser(s.Person(client, "user"))}
	u.Classic = s.groups.User(client)
	s.users = append(s.users, u)
	return u
}

// traffic sets users to work, with operations drawn from the seed, and returns at once. They use
// all keys unless said otherwise.
func (s *service) traffic(m kit.Mix) *kit.Load {
	if m.Keys == nil {
		m.Keys = allKeys
	}
	return s.Load(m, func() *kit.User { return s.user().User })
}
