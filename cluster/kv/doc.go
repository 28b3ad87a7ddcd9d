// Package kv is the key/value service of the labs on a disk: any Raft peer below, a database
// (bbolt) that holds the data, and clients that may ask any member. How operations get into the log
// and out of it is package replica's part.
//
//	[Client] --KV.Do--> [Server] --write--> replica.Server.Execute --log--> store.Apply
//	                       |
//	                       '------read----> replica.Server.ReadBarrier, then the store
//
// # Rules
//
//   - The applied index, the data and the sessions are in one database, and are committed together.
//   - A client numbers its writes; one that is repeated is not applied again. Only a client can
//     repeat a write whose outcome is unknown, under its number.
//   - Reads are not in the log. The member that is asked makes sure that it has applied all that
//     was answered before, and reads its own database.
//
// # What is where
//
//   - op.go: operations and results as bytes; store.go, sessions.go: the database; snapshot.go: all
//     of it as a file
//   - server.go: [Server]; client.go: [Client]
package kv
