package lab3

import (
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/model"
)

// user is a client of the service.
type user struct {
	*kit.User
	s *service
}

// user makes a new user, who reaches all servers.
func (s *service) user() *user { return s.userOf(s.Others()...) }

// userOf makes a user that knows only some of the servers.
func (s *service) userOf(servers ...int) *user {
	client := s.NewClient()
	u := &user{kit.NewUser(s.Person(client, "user")), s}
	client.Make(func() {
		if s.dialect == model.Classic {
			u.Classic = s.made.New().Classic(client.EndsTo(servers...), s.options)
		} else {
			u.Versioned = s.made.New().Versioned(client.EndsTo(servers...), s.options)
		}
	})
	s.users = append(s.users, u)
	return u
}

// crowd makes n users.
func (s *service) crowd(n int) []*user {
	us := make([]*user, n)
	for i := range us {
		us[i] = s.user()
	}
	return us
}

// load sets users to work, with operations drawn from the seed, and returns at once.
func (s *service) load(m kit.Mix) *kit.Load {
	return s.Load(m, func() *kit.User { return s.user().User })
}
