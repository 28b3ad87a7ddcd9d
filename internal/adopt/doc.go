// Package adopt turns a solution of the course, in the layout of its year, into a tree that raftlab
// can test.
//
//	repository, src, package, zip, tar.gz
//	      |  submission.Read                       the files, within limits (tree.go)
//	      v
//	  directories, go.mod files                    which package is where (layout.go)
//	      |                                        which year it is of (year.go)
//	      v
//	  packages and what they import                where each goes (place.go)
//	      |
//	      v
//	  files: the course's own are left out (course.go), imports are rewritten (imports.go), types and functions that
//	  the course let students write get the form that raftlab expects (applymsg.go, persister.go, peer.go),
//	  services get an adapter (services.go)
//	      |
//	      v
//	  Adopted: files, notes, year                  a tree: raft/, kvraft/, shardkv/ (write.go)
//
// Everything is an edit of text that leaves line numbers as they are (edits.go), so that whatever
// is said about the adopted code is true of the student's own files. Nothing is run, and nothing
// needs to compile: what does not is told by the compiler, as it would be of any other code.
//
// Two rules decide what may be changed. A correct peer must not fail because of a change, and a
// wrong one must not pass because of it: so there is no goroutine, no buffer and no lock between
// the student's code and the harness that was not there before. And each change is a [Note] with
// its place.
package adopt
