package course

// Outside are the packages that code outside of this repository may import: a private case of an
// instructor, and what a student writes in a course tree. What they export stays. CONTRIBUTING.md
// says what has to be done where that is impossible.
var Outside = []string{
	// What a student's code imports.
	"labgob", "labrpc", "raftapi", "kvapi", "shardapi", "raft", "kvraft", "kvraft/rsm", "shardkv", "shardkv/shardctrler",
	"kvsrv", "kvsrv/lock",
	// What a private case imports.
	"tester", "labs/lab1", "labs/lab2", "labs/lab3", "labs/lab4", "labs/porcupine",
	"porcupine-tests/configs", "porcupine-tests/history", "porcupine-tests/model", "porcupine-tests/nemesis",
}
