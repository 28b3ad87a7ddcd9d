package adopt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPersisterThatStoresOneHalf(t *testing.T) {
	t.Parallel()
	a := adopted(t, base(t).replace(t, "rf.persister.Save(w.Bytes(), rf.snapshot)",
		"rf.persister.KeepState(w.Bytes())\n\trf.persister.KeepData(rf.snapshot)\n\tutils.Log(\"%d\", rf.persister.Size()+len(rf.persister.Data()))\n\trf.persister.Both(w.Bytes(), rf.snapshot)",
		"func MakePersister()", `func (ps *Persister) KeepState(b []byte) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.raftstate = append([]byte(nil), b...)
}

func (p *Persister) KeepData(b []byte) { p.snapshot = b }

func (ps *Persister) Size() int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.raftstate)
}

func (ps *Persister) Data() []byte { return ps.snapshot }

func (ps *Persister) Both(a, b []byte) { ps.raftstate, ps.snapshot = a, b }

func MakePersister()`))
	for _, is := range []string{"KeepState is the student's own: it is SaveRaftState", "KeepData is the student's own: it is SaveStateAndSnapshot with the state that is stored",
		"Size is the student's own: it is RaftStateSize", "Data is the student's own: it is ReadSnapshot", "Both is the student's own: it is Save"} {
		assert.True(t, a.says(Converted, is), "%s: %v", is, a.Notes)
	}
	assert.Contains(t, a.text(t, "raft/raft.go"), "SaveStateAndSnapshot(rf.persister.ReadRaftState(), rf.snapshot)")
	compiles(t, a, "raft")
}

func TestPersisterThatDoesMore(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{
		"counts":        "Keep(a, b []byte) { ps.raftstate, ps.snapshot, ps.n = a, b, ps.n+1 }",
		"the other way": "Keep(a, b []byte) { ps.raftstate, ps.snapshot = b, a }",
		"joins":         "Keep(a, b []byte) { ps.raftstate = append(a, b...) }",
		"on condition":  "Keep(a, b []byte) { if b != nil { ps.snapshot = b } }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := adopted(t, base(t).replace(t, "rf.persister.Save(w.Bytes(), rf.snapshot)", "rf.persister.Keep(w.Bytes(), rf.snapshot)",
				"func MakePersister()", "func (ps *Persister) "+method+"\n\nfunc MakePersister()"))
			assert.True(t, a.says(Named, "calls Keep, which the student's Persister has"), "%v", a.Notes)
		})
	}
}

// Methods of the peer may stand in the course's files: persist beside the Persister, or what the
// tests' config prints.
func TestPeerInTheCoursesFiles(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct{ begins, says string }{
		"src/raft/persister.go": {`import "sync"`, ""},
		"src/raft/config.go":    {`import "testing"`, "Raft.persist is taken over, because the code uses it"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := base(t)
			from := strings.Index(s["src/raft/raft.go"], "func (rf *Raft) persist() {")
			require.Positive(t, from)
			method := s["src/raft/raft.go"][from:]
			method = method[:strings.Index(method, "\n}\n")+3]
			s.replace(t, method, "")
			method = strings.Replace(method, "rf.persister.Save(", "rf.keep(", 1) + "\nfunc (rf *Raft) keep(a, b []byte) { rf.persister.Save(a, b) }\n"
			require.Contains(t, s[file], c.begins)
			s[file] = strings.Replace(s[file], c.begins, "import (\n\t\"bytes\"\n\t\"6.5840/labgob\"\n"+strings.TrimPrefix(c.begins, "import ")+"\n)", 1) + method
			a := adopted(t, s)
			if c.says != "" {
				assert.True(t, a.says(Converted, c.says), "%v", a.Notes)
			}
			compiles(t, a, "raft", "kvraft")
		})
	}
}

func TestClerkThatReturnsMore(t *testing.T) {
	t.Parallel()
	a := adopted(t, base(t).replace(t, `Append(key, value string) { ck.do("append", key, value) }`, `Append(key, value string) string { return ck.do("append", key, value) }`,
		`Get(key string) string    { return ck.do("get", key, "") }`, `Get(key string) (string, bool) { return ck.do("get", key, ""), true }`))
	assert.True(t, a.says(Converted, "Append of Clerk returns 1 results, and the course's 0"), "%v", a.Notes)
	compiles(t, a, "raft", "kvraft")
	assert.NotContains(t, adopted(t, base(t)).text(t, "kvraft/"+adapterFile), "raftlabClerk", "one in the course's form is taken as it is")
}

// A function among the parameters of a server is not what it returns.
func TestServerThatTakesAFunction(t *testing.T) {
	t.Parallel()
	a := adopted(t, services(t).replace(t, "persister *tester.Persister, maxraftstate int) []tester.IService {", "persister *tester.Persister, maxraftstate int, client func() *tester.Clnt) []tester.IService {"))
	compiles(t, a, "kvsrv", "raft", "kvraft", "shardkv")
}

func TestNothingToTest(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	err := adopted(t, base(t).without("src/raft", "src/kvraft/server.go")).Write(out)
	require.ErrorContains(t, err, "nothing in it can be tested")
	assert.ErrorContains(t, err, "src/kvraft: it has no function StartKVServer: lab 3 is not graded")
}
