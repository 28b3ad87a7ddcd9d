// Package kit is what the cases of all labs have in common, above what the tester gives them:
//
//   - bench.go: [Bench], the machines of a case: some of them at random, waiting for things, values
//   - person.go: [Person], a client that does one thing after another, and says what it is doing
//   - user.go: [User], a person with a clerk of a key/value service, in either dialect
//   - load.go: [Load], people who work at the same time
//   - table.go: [Hundred], the weights of a table as points
//
// A lab embeds what it needs, and adds the verbs of its own service.
package kit
