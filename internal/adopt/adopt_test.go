package adopt

import (
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAsItIs(t *testing.T) {
	t.Parallel()
	a := adopted(t, base(t))
	assert.Equal(t, "2023", a.Year)
	assert.Equal(t, "2023", a.Contract)
	assert.Equal(t, map[string]string{"raft": "src/raft", "kvraft": "src/kvraft", "raft/helper/utils": "src/utils"}, a.Dirs)
	for _, n := range []struct {
		kind  Kind
		texts []string
	}{
		{Missing, []string{"no shardkv here: lab 4 is not graded"}},
		{Missing, []string{"src/mr", "MapReduce is not here"}},
		{Named, []string{"src/raft/persister.go:17", "snapshot != nil", "keeps the old one", "nil clears a snapshot"}},
		{Named, []string{"src/utils/log.go:25", "--env"}},
		{Named, []string{"src/raft/config.go:12", "SnapShotInterval is 5, and the course's is 10"}},
		{LeftOut, []string{"src/raft/config.go:14", "showAll is not of the course"}},
		{Shimmed, []string{"src/utils/log.go:16", "os.OpenFile"}},
		{Shimmed, []string{"src/utils/log.go:5", "flags"}},
		{Converted, []string{"src/raft/config.go:16", "half"}},
		{LeftOut, []string{"src/raft/config.go", "the course's own"}},
		{LeftOut, []string{"src/raft/debug.go:8", "dump"}},
	} {
		assert.True(t, a.says(n.kind, n.texts...), "%v in %v", n, a.Notes)
	}
	// Lines stay where they are, so that what is said about them is true of the student's own file.
	was, is := strings.Split(base(t)["src/raft/raft.go"], "\n"), strings.Split(a.text(t, "raft/raft.go"), "\n")
	require.GreaterOrEqual(t, len(is), len(was))
	for i, line := range was {
		if strings.HasPrefix(line, "func ") {
			assert.Equal(t, line, is[i])
		}
	}
	compiles(t, a, "raft", "kvraft")
}

// The forms of the years.
func TestYears(t *testing.T) {
	t.Parallel()
	old := []string{"rf.persister.Save(w.Bytes(), rf.snapshot)", "rf.persister.SaveStateAndSnapshot(w.Bytes(), rf.snapshot)",
		"Save(raftstate []byte, snapshot []byte)", "SaveStateAndSnapshot(raftstate []byte, snapshot []byte)", "func TestFollowerFailure2B(t *testing.T) {}\n", ""}
	cond := "\nfunc (rf *Raft) CondInstallSnapshot(term int, index int, snapshot []byte) bool { return true }\n\nfunc Make("
	for name, c := range map[string]struct {
		year  string
		form  solution
		check func(t *testing.T, a *Adopted)
	}{
		"2020, in the way of GOPATH": {"2020", base(t).replace(t, old...).replace(t, "6.5840/", "../", "func TestSnapshotInit2D(t *testing.T)    {}", "",
			"func TestSnapshotBasic2D(t *testing.T)   {}", "").cut(t, "src/raft/raft.go", "func (rf *Raft) Snapshot(", "func (rf *Raft) cut(").
			without("src/go.mod", "src/kvraft"), func(t *testing.T, a *Adopted) {
			assert.Equal(t, "2020", a.Contract)
			assert.True(t, a.says(Missing, "no Snapshot"))
		}},
		"2021": {"2021", base(t).replace(t, old...).replace(t, "6.5840", "6.824", "func TestSnapshotInit2D(t *testing.T)    {}", "", "\nfunc Make(", cond).
			without("src/kvraft"), func(t *testing.T, a *Adopted) { assert.Equal(t, "2021", a.Contract) }},
		"2022": {"2022", base(t).replace(t, old...).replace(t, "6.5840", "6.824", "TestSnapshotInit2D", "TestSnapshotAllCrash2D", "\nfunc Make(", cond).
			without("src/kvraft"), nil},
		"2024, and its config.go asks the peer": {"2024", base(t).replace(t, "2A(", "3A(", "2B(", "3B(", "2D(", "3D(", "\nfunc Make(", cond,
			"func showAll() {}\n", "func showAll() {}\n\nfunc takes(rf *Raft) bool { return rf.CondInstallSnapshot(1, 1, nil) }\n").without("src/kvraft"),
			func(t *testing.T, a *Adopted) {
				assert.Equal(t, "2022", a.Contract)
				assert.True(t, a.says(Named, "asks CondInstallSnapshot"), "%v", a.Notes)
			}},
		"2024": {"2024", base(t).replace(t, "2A(", "3A(", "2B(", "3B(", "2D(", "3D(").without("src/kvraft"), nil},
		"2025": {"2025", sixfive(t), func(t *testing.T, a *Adopted) {
			assert.True(t, a.says(LeftOut, "src/raft1/server.go"))
			assert.Contains(t, a.text(t, "raft/raft.go"), `tester "raftlab/raft/helper/coursetester"`)
		}},
		"2026": {"2026", daemons(sixfive(t).cut(t, "src/raft1/raft.go", "func (rf *Raft) Kill() {", "func (rf *Raft) killed()")), func(t *testing.T, a *Adopted) {
			assert.True(t, a.says(Shimmed, "Raft has no Kill"), "%v", a.Notes)
			assert.Contains(t, a.text(t, "raft/raft.go"), "rf.raftlabSleep(", "after a crash it sleeps for good")
			assert.NotContains(t, a.text(t, "raft/raft.go"), "time.Sleep(")
		}},
		"2026, with time by another name": {"2026", daemons(sixfive(t).cut(t, "src/raft1/raft.go", "func (rf *Raft) Kill() {", "func (rf *Raft) killed()").
			replace(t, "\t\"time\"\n", "\tclock \"time\"\n", "time.", "clock.")), func(t *testing.T, a *Adopted) {
			assert.Contains(t, a.text(t, "raft/raft.go"), "rf.raftlabSleep(")
			assert.NotContains(t, a.text(t, "raft/raft.go"), "clock.Sleep(")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := adopted(t, c.form)
			assert.Equal(t, c.year, a.Year, a.Why)
			if c.check != nil {
				c.check(t, a)
			}
			compiles(t, a, "raft")
		})
	}
}

// sixfive is the solution in the form of 2025.
func sixfive(t *testing.T) solution {
	s := base(t).cut(t, "src/raft/raft.go", "type ApplyMsg struct {", "type Entry struct").
		replace(t, "*Persister, applyCh chan ApplyMsg) *Raft", "*tester.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft",
			"persister *Persister\n", "persister *tester.Persister\n", "chan ApplyMsg", "chan raftapi.ApplyMsg", "ApplyMsg{", "raftapi.ApplyMsg{",
			"var msg ApplyMsg", "var msg raftapi.ApplyMsg", `"6.5840/labrpc"`, "\"6.5840/labrpc\"\n\t\"6.5840/raftapi\"\n\ttester \"6.5840/tester1\"",
			"half(len(rf.peers))", "len(rf.peers)/2", "tick * time", "10 * time", "2A(", "3A(", "	utils.Log(\"%d starts %v\"", "	tester.Annotate(\"a\", \"b\", \"c\")\n	utils.Log(\"%d starts %v\"").
		without("src/kvraft", "src/raft/config.go", "src/raft/persister.go", "src/raft/debug.go").moved("src/raft/", "src/raft1/")
	s["src/raft1/server.go"] = "package raft\n\ntype rfsrv struct{ x tester.Config }\n"
	return s
}

// daemons adds what the course has in 2026 to talk to peers in processes of their own.
func daemons(s solution) solution {
	s["src/raft1/proxy.go"] = "package raft\n\nimport \"6.5840/tester1\"\n\ntype Rfproxy struct{ dc *tester.DaemonClnt }\n\n" +
		"func (p *Rfproxy) Start(command any) (int, int, bool) { return 0, 0, false }\n\nfunc (p *Rfproxy) GetState() (int, bool) { return 0, false }\n"
	return s
}

// services is the solution in the form of 2025 with the services of that year.
func services(t *testing.T) solution {
	s := sixfive(t).replace(t, "func (rf *Raft) killed()", "func (rf *Raft) PersistBytes() int { return rf.persister.RaftStateSize() }\n\nfunc (rf *Raft) killed()")
	maps.Copy(s, stored(t, "sixfive"))
	return s
}

func TestServicesOf2025(t *testing.T) {
	t.Parallel()
	a := adopted(t, services(t))
	assert.Equal(t, "2025", a.Year)
	for place, dir := range map[string]string{"kvraft": "src/kvraft1", "kvraft/rsm": "src/kvraft1/rsm", "kvsrv": "src/kvsrv1", "kvsrv/rpc": "src/kvsrv1/rpc", "kvsrv/lock": "src/kvsrv1/lock"} {
		assert.Equal(t, dir, a.Dirs[place], place)
	} // it is compiled together with the sharded service

	a = adopted(t, services(t).without("src/kvsrv1/rpc", "src/kvsrv1/lock").replace(t, "rpc.Cell", "string", "rpc.Put(kv.data, *args)", "rpc.OK",
		"*reply = rpc.Get(kv.data, *args)", "", "rpc.Put(kv.data, req)", "rpc.OK", "rpc.Get(kv.data, req)", "rpc.GetReply{}"))
	assert.True(t, a.says(Missing, "no lock here"))
	compiles(t, a, "kvsrv")
}

// The server on one machine of 2024, and services without a Raft of their own.
func TestAlone(t *testing.T) {
	t.Parallel()
	single := solution{"src/kvsrv/server.go": `package kvsrv

import "sync"

type KVServer struct {
	mu   sync.Mutex
	data map[string]string
}

func StartKVServer() *KVServer { return &KVServer{data: map[string]string{}} }
`, "src/kvsrv/client.go": `package kvsrv

import "6.5840/labrpc"

type Clerk struct{ server *labrpc.ClientEnd }

func MakeClerk(server *labrpc.ClientEnd) *Clerk { return &Clerk{server} }

func (ck *Clerk) Get(key string) string            { return "" }
func (ck *Clerk) Put(key string, value string)     {}
func (ck *Clerk) Append(key, value string) string  { return "" }
`}
	a, err := Read(context.Background(), single.write(t), "2024")
	require.NoError(t, err)
	compiles(t, a, "kvsrv")

	a = adopted(t, base(t).without("src/raft"))
	assert.True(t, a.says(Missing, "no raft here: lab 2 is not graded"))
	assert.Contains(t, a.text(t, "kvraft/server.go"), `raft "raftlab/kvraft/helper/courseraft"`)
	compiles(t, a, "kvraft")
	newer := services(t).without("src/raft1")
	newer["src/kvraft1/daemon.go"] = `package kvraft

import (
	"6.5840/labrpc"
	tester "6.5840/tester1"
)

func NewServer(tc *tester.TesterClnt, ends []*labrpc.ClientEnd, grp tester.Tgid, srv int, persister *tester.Persister) []any {
	return []any{StartKVServer(ends, Gid, srv, persister, tester.MaxRaftState)}
}
`
	newer["src/kvraft1/test.go"] = "package kvraft\n\nimport (\n\t\"testing\"\n\n\t\"6.5840/tester1\"\n)\n\nconst Gid = tester.GRP0\n\ntype Test struct{ t *testing.T }\n"
	compiles(t, adopted(t, newer), "kvraft")
}

// What students change in what the course gives them.
func TestOwnForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form     solution
		kind     Kind
		says     []string
		packages []string
	}{
		"a field of ApplyMsg that only services read": {base(t).replace(t, "	CommandIndex int\n", "	CommandIndex int\n	CommandTerm int\n",
			"CommandIndex: rf.applied}", "CommandIndex: rf.applied,\n\t\t\t\tCommandTerm: rf.log[rf.applied-rf.base].Term}",
			"m.CommandIndex > kv.index {", "m.CommandIndex > kv.index && m.CommandTerm > 0 {"), Converted, []string{"where they are sent"}, []string{"raft", "kvraft"}},
		"a field of another name": {base(t).replace(t, "	CommandIndex int\n", "	CommandId int\n", "CommandIndex: rf.applied}", "CommandId: rf.applied}",
			"m.CommandIndex", "m.CommandId"), Converted, []string{"CommandId in the place of the course's CommandIndex"}, []string{"raft", "kvraft"}},
		"the same, in a peer with a queue": {base(t).replace(t, "	CommandIndex int\n", "	CommandIndex int\n	CommandTerm int\n",
			"CommandIndex: rf.applied}", "CommandIndex: rf.applied,\n\t\t\t\tCommandTerm: rf.log[rf.applied-rf.base].Term}",
			"		rf.applyCh <- msg\n", "		queue := make(chan ApplyMsg, 1)\n		queue <- msg\n		msg.CommandTerm = 7\n		rf.applyCh <- <-queue\n",
			"m.CommandIndex > kv.index {", "m.CommandIndex > kv.index && m.CommandTerm > 0 {"), Converted, []string{"CommandTerm", "taken out"}, []string{"raft", "kvraft"}},
		"String, in a peer with a queue": {base(t).replace(t, "		rf.applyCh <- msg\n", "		queue := make(chan ApplyMsg, 1)\n		queue <- msg\n		utils.Log(\"%s\", msg.String())\n		rf.applyCh <- <-queue\n",
			"type Entry struct", "func (m *ApplyMsg) String() string { return \"message\" }\n\ntype Entry struct"), Converted, []string{"String", "is a function"}, []string{"raft"}},
		"a field that is set in its own statement, and String": {base(t).replace(t, "	CommandIndex int\n", "	CommandIndex int\n	Note string\n",
			"		rf.applyCh <- msg\n", "		msg.Note = \"x\"\n		utils.Log(\"%s\", msg.String())\n		rf.applyCh <- msg\n",
			"type Entry struct", "func (m *ApplyMsg) String() string { return m.Note }\n\ntype Entry struct"), Converted, []string{"where they are sent"}, []string{"raft"}},
		"a field that the peer reads": {base(t).replace(t, "	CommandIndex int\n", "	CommandIndex int\n	Note string\n",
			"		rf.applyCh <- msg\n", "		utils.Log(\"%s\", msg.Note)\n		rf.applyCh <- msg\n"), Converted, []string{"where they are sent"}, []string{"raft"}},
		"literals without names": {base(t).cut(t, "src/raft/raft.go", "	SnapshotValid bool", "}\n\ntype Entry").cut(t, "src/raft/raft.go", "		case rf.install:", "		case rf.applied <").
			replace(t, "ApplyMsg{CommandValid: true, Command: rf.log[rf.applied-rf.base].Command, CommandIndex: rf.applied}",
				"ApplyMsg{true, rf.log[rf.applied-rf.base].Command, rf.applied}").without("src/kvraft"), LeftOut, []string{"config.go"}, []string{"raft"}},
		"a variadic Make, one more parameter and an error": {base(t).replace(t, "applyCh   chan ApplyMsg", "applyCh   chan<- ApplyMsg", "applyCh chan ApplyMsg) *Raft {", "applyCh chan<- ApplyMsg, names map[string]int, gid ...int) (*Raft, error) {",
			"	return rf\n", "	return rf, nil\n", "persister, kv.applyCh)", "persister, kv.applyCh, nil)", "kv.rf = raft", "kv.rf, _ = raft"), Converted, []string{"Make", "zero"}, []string{"raft", "kvraft"}},
		"Snapshot that returns bool, CondInstallSnapshot with four parameters": {base(t).replace(t, "Snapshot(index int, snapshot []byte) {", "Snapshot(index int, snapshot []byte) bool {",
			"> rf.applied {\n		return\n", "> rf.applied {\n		return false\n", "	rf.snapshot = snapshot\n	rf.persist()\n", "	rf.snapshot = snapshot\n	rf.persist()\n	return true\n",
			"\nfunc Make(", "\nfunc (rf *Raft) CondInstallSnapshot(term, index int, snapshot []byte, who *int) bool { return rf.Snapshot(index, snapshot) }\n\nfunc Make("),
			Converted, []string{"CondInstallSnapshot"}, []string{"raft"}},
		"a method of the Persister of one's own, and a look into it": {base(t).replace(t, "rf.persister.Save(w.Bytes(), rf.snapshot)",
			"rf.persister.Save(w.Bytes(), rf.snapshot)\n\tutils.Log(\"%d\", len(rf.persister.raftstate))\n\trf.persister.SaveSnapshot(rf.snapshot)",
			"func MakePersister()", "func (ps *Persister) SaveSnapshot(s []byte) { ps.snapshot = s }\n\nfunc MakePersister()"), Converted, []string{"SaveSnapshot"}, []string{"raft"}},
		"the number of a goroutine": {base(t).replace(t, "	\"sort\"\n", "	\"runtime\"\n	\"sort\"\n", "	utils.Log(\"%d starts %v\"",
			"	b := make([]byte, 64)\n	utils.Log(\"%s\", b[:runtime.Stack(b, false)])\n	utils.Log(\"%d starts %v\""), Shimmed, []string{"runtime.Stack"}, []string{"raft"}},
		"its whole stack": {base(t).replace(t, "	\"sort\"\n", "	\"runtime/debug\"\n	\"sort\"\n", "	utils.Log(\"%d starts %v\"",
			"	utils.Log(\"%s\", debug.Stack())\n	utils.Log(\"%d starts %v\""), Shimmed, []string{"debug.Stack"}, []string{"raft"}},
		"a controller for uuid": {base(t).replace(t, "	\"sort\"\n", "	\"sort\"\n\n	\"github.com/google/uuid\"\n", "	utils.Log(\"%d starts %v\"", "	_ = uuid.New().String()\n	utils.Log(\"%d starts %v\""),
			Shimmed, []string{"google/uuid"}, []string{"raft"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := adopted(t, c.form)
			assert.True(t, a.says(c.kind, c.says...), "%v", a.Notes)
			for _, f := range a.Files {
				if path.Base(f.Name) == adapterFile { // what the sandbox refuses must not come from us
					assert.NotContains(t, string(f.Text), "runtime", f.Name)
				}
			}
			compiles(t, a, c.packages...)
		})
	}
}

func TestWhereItIs(t *testing.T) {
	t.Parallel()
	dir := base(t).moved("src/", "home/me/6.5840/src/").write(t)
	for _, below := range []string{"", "home/me", "home/me/6.5840/src", "home/me/6.5840/src/raft"} {
		a, err := Read(context.Background(), filepath.Join(dir, filepath.FromSlash(below)), Auto)
		require.NoError(t, err, below)
		assert.Contains(t, a.Dirs, "raft", below)
		assert.Contains(t, a.Dirs, "raft/helper/utils", "what is beside a package is found: %s", below)
	}
	file := zipped(t, dir)
	a, err := Read(context.Background(), file, "2021")
	require.NoError(t, err)
	assert.Equal(t, "2021", a.Contract)
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	two := base(t)
	for name, text := range base(t).moved("src/", "again/src/") {
		two[name] = text + "\n// another\n"
	}
	for name, c := range map[string]struct {
		form solution
		year string
		says string
	}{
		"two solutions":    {two, Auto, "src, again/src: name one of them"},
		"nothing":          {solution{"README": "empty"}, Auto, "there is no Go package in it"},
		"something else":   {solution{"main.go": "package main\n"}, Auto, "there are main"},
		"raftlab's layout": {solution{"raft/raft.go": "package raft\n\nimport \"raftlab/labrpc\"\n\nfunc Make(x labrpc.ClientEnd) {}\n"}, Auto, "need not be adopted"},
		"a strange year":   {base(t), "1999", "--year 1999"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(context.Background(), c.form.write(t), c.year)
			require.ErrorContains(t, err, c.says)
		})
	}
	a := adopted(t, base(t))
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "mine"), nil, 0o644))
	require.ErrorContains(t, a.Write(full), "not empty")
}

// Code with errors is adopted, too: the compiler tells them to its author.
func TestCodeThatDoesNotCompile(t *testing.T) {
	t.Parallel()
	s := base(t)
	s["src/raft/raft.go"] += "\nfunc broken( {\n"
	a := adopted(t, s)
	assert.Contains(t, a.text(t, "raft/raft.go"), "func broken( {")
	assert.Contains(t, a.text(t, "raft/raft.go"), `"raftlab/labrpc"`)
}

// Imports that are neither there nor on the list are named where they stand.
func TestUnknownModules(t *testing.T) {
	t.Parallel()
	a := adopted(t, base(t).replace(t, "	\"sort\"\n", "	\"sort\"\n\n	\"github.com/nobody/queue\"\n"))
	assert.True(t, a.says(Named, "src/raft/raft.go:9", "github.com/nobody/queue"), "%v", a.Notes)
}

// People give the course's module the name of their repository. It is the course's all the same,
// whether go.mod was handed in or not.
func TestModuleOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]solution{
		"with go.mod":    base(t).replace(t, "6.5840", "github.com/somebody/labs"),
		"without go.mod": base(t).replace(t, "6.5840", "github.com/somebody/labs").without("src/go.mod"),
		"with src in it": base(t).replace(t, "6.5840", "github.com/somebody/labs/src").without("src/go.mod"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := adopted(t, s)
			assert.False(t, a.says(Named, "imports github.com"), "%v", a.Notes)
			assert.Equal(t, map[string]string{"raft": "src/raft", "kvraft": "src/kvraft", "raft/helper/utils": "src/utils"}, a.Dirs)
			compiles(t, a, "raft", "kvraft")
		})
	}
}

// A program beside the package is left out, whatever its file is called; one that nothing hides is
// to be looked at.
func TestProgramBeside(t *testing.T) {
	t.Parallel()
	s := base(t).without("src/kvraft")
	s["src/raft/a.go"] = "//go:build ignore\n\npackage main\n\nfunc main() {}\n"
	s["src/raft/b.go"] = "package main\n\nfunc main() {}\n"
	a := adopted(t, s)
	assert.True(t, a.says(LeftOut, "src/raft/a.go:3", "is of package main, and not of raft"), "%v", a.Notes)
	assert.True(t, a.says(Named, "src/raft/b.go:1", "is of package main"), "%v", a.Notes)
	compiles(t, a, "raft")
}

// Methods that somebody has added to the course's interface Raft are taken over, if the peer has
// them. So are all forms of a goroutine's own stack.
func TestAddedToTheInterface(t *testing.T) {
	t.Parallel()
	s := services(t)
	s["src/raftapi/raftapi.go"] = "package raftapi\n\ntype Raft interface {\n\tStart(command any) (int, int, bool)\n\tGetState() (int, bool)\n" +
		"\tGetLeader() (id int)\n\tNobodyHas() int\n}\n"
	s["src/raft1/leader.go"] = "package raft\n\nimport \"runtime\"\n\nfunc (rf *Raft) GetLeader() (id int) { return rf.me }\n\n" +
		"func who() string {\n\tb := make([]byte, 64)\n\truntime.Stack(b, true)\n\treturn string(b)\n}\n"
	s["src/kvraft1/rsm/leader.go"] = "package rsm\n\nfunc (rsm *RSM) leader() int { return rsm.Raft().GetLeader() }\n"
	a := adopted(t, s)
	assert.True(t, a.says(Converted, "src/raftapi/raftapi.go:6", "GetLeader was added"), "%v", a.Notes)
	assert.False(t, a.says(Converted, "NobodyHas was added"))
	assert.Contains(t, a.text(t, "raft/leader.go"), "copy(b, raftlabStack())")
	compiles(t, a, "raft", "kvraft")
}

// A type of a module may be in the messages that several parts have in common: it is one type.
func TestOneTypeOfUUID(t *testing.T) {
	t.Parallel()
	s := services(t)
	s["src/kvsrv1/rpc/id.go"] = "package rpc\n\nimport \"github.com/google/uuid\"\n\ntype Who struct{ ID uuid.UUID }\n"
	s["src/kvraft1/id.go"] = "package kvraft\n\nimport (\n\t\"6.5840/kvsrv1/rpc\"\n\t\"github.com/google/uuid\"\n)\n\nfunc who(id uuid.UUID) rpc.Who { return rpc.Who{ID: id} }\n"
	compiles(t, adopted(t, s), "kvsrv", "raft", "kvraft")
}
