package adopt

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// This file is about what a student changed in the course's own files, which are left out. Their
// text is not here to be compared with: what they declare tells, and the values of the constants
// that the course's tests go by.

// declaredByCourse are the functions, methods, types and constants that the course's files declare,
// over all years.
var declaredByCourse = map[string][]string{
	"config.go": strings.Fields(`All ConnectAll ConnectClient ConnectClientUnlocked DisconnectClient DisconnectClientUnlocked Leader LogSize
		SERVERID ShutdownGroup ShutdownServer SnapShotInterval SnapshotSize StartCtrlerServer StartCtrlerService StartCtrlerserver StartGroup
		StartMasterServer StartServer applier applierSnap begin bytesTotal checkFinished checkLogs checkNoLeader checkOneLeader checkTerms
		checkTimeout checklogs cleanup config connect connectUnlocked crash1 ctljoin ctrler ctrlerclerk ctrlername deleteClient disconnect
		disconnectUnlocked end group ingestSnap join joinm leave leavem makeClient makeSeed make_config make_partition mastername nCommitted
		ncpu_once one op partition random_handles randstring rpcCount rpcTotal servername setlongreordering setunreliable shardclerk start1
		wait RaftElectionTimeout electionTimeout linearizabilityCheckTimeout`),
	"persister.go": strings.Fields("Copy MakePersister Persister RaftStateSize ReadRaftState ReadSnapshot Save SaveRaftState SaveStateAndSnapshot SnapshotSize clone"),
	"test.go": strings.Fields(`Controler INTERGRPDELAY NSEC NSRV DeleteClerk Gid Leader MakeClerk MakeClerkTo MakeTest MakeTestKV MakeTestLeases MakeTestMaxRaft ShardCtrler
		StartKVServer StartServerShardGrp Test TestKV TestMulti checkCounter checkFinished checkLogs checkMember checkNoAgreement checkNoLeader
		checkOneLeader checkShutdownSharding checkTerms cleanup concurCtrler connect countValue disconnectClntFromLeader disconnectLeader groups
		inPartition join joinGroups leave leaveGroups makeKVClerk makeShardCtrler makeShardCtrlerClnt makeTest makeTitle mksrv nCommitted newGid
		one oneInc oneNull onePartition partitionCtrler restart setupKVService wait
		ApplyErr ApplyErrArgs ApplyErrRPC ApplyErrReply CheckLogs CheckLogsArgs CheckLogsRPC CheckLogsReply IRSMServer IngestLog IngestLogArgs
		IngestLogRPC IngestLogReply IraftServer Kill entry getLeader getRSM kill killall newRSMServer newRaftServer raftServer restartall
		rsmServer shutdownLeader`),
}

// knownValues are constants of the course's files that its tests go by, and what raftlab has in
// their place.
var knownValues = []struct{ name, value, here string }{
	{"SnapShotInterval", "10", "a case of 2D takes snapshots when it likes, mostly every 10 entries"},
	{"MAXLOGSIZE", "2000", "the log may be as long as docs/lab2d.md says"},
}

// changedByStudent tells what is in a file of the course's that the course has not put there, and
// what becomes of it.
func (c *conversion) changedByStudent(f *file) {
	known := declaredByCourse[path.Base(f.name)]
	if known == nil {
		return
	}
	for _, decl := range f.ast.Decls {
		names := declared(decl)
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil {
			names = []string{fn.Name.Name}
		}
		for _, name := range names {
			if !c.valued(f, decl, name) && name != "_" && !slices.Contains(known, name) {
				c.notes.add(LeftOut, f.name, f.line(decl.Pos()), "%s is not of the course: it stays behind with this file, unless the code uses it (then it is taken over, "+
					"or said to be missing). Nothing that is graded calls it", name)
			}
		}
	}
}

// valued tells of a constant with a known value that has another one, and reports whether it has a
// known one.
func (c *conversion) valued(f *file, decl ast.Decl, name string) bool {
	gen, ok := decl.(*ast.GenDecl)
	for _, k := range knownValues {
		if !ok || k.name != name {
			continue
		}
		for _, spec := range gen.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || v.Names[0].Name != name || len(v.Values) != 1 {
				continue
			}
			if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.INT && lit.Value != k.value {
				c.notes.add(Named, f.name, f.line(v.Pos()), "%s is %s, and the course's is %s: the student tested with other conditions than those of the course; here %s",
					name, lit.Value, k.value, k.here)
			}
		}
		return true
	}
	return false
}
