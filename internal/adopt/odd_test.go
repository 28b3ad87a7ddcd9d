package adopt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// each changes the text of every file.
func (s solution) each(change func(name, text string) string) solution {
	for name, text := range s {
		s[name] = change(name, text)
	}
	return s
}

// Submissions that are odd, and yet what somebody might hand in.
func TestOdd(t *testing.T) {
	t.Parallel()
	raft := func() solution { return base(t).without("src/kvraft", "src/mr") }
	for name, c := range map[string]struct {
		form     solution
		packages []string
	}{
		"spaces and other letters": {base(t).moved("src/", "我的实验 (final)/Raft Lab/src/").moved("我的实验 (final)/Raft Lab/src/raft/raft.go", "我的实验 (final)/Raft Lab/src/raft/选举.go"), []string{"raft", "kvraft"}},
		"lines of Windows":         {base(t).each(func(_, text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }), []string{"raft", "kvraft"}},
		"a byte order mark":        {base(t).each(func(name, text string) string { return "\ufeff" + text }), []string{"raft", "kvraft"}},
		"a program beside it":      {raft().with("src/raft/main.go", "package main\n\nfunc main() {}\n"), []string{"raft"}},
		"a module of its own name": {base(t).replace(t, "6.5840", "raft-labs"), []string{"raft", "kvraft"}},
		"a hosted module":          {base(t).replace(t, "6.5840", "gitlab.example.org/me/ds"), []string{"raft", "kvraft"}},
		"GOPATH":                   {base(t).replace(t, `"6.5840/`, `"`).without("src/go.mod"), []string{"raft", "kvraft"}},
		"a go.mod in the package": {raft().replace(t, `"6.5840/utils"`, `"raft/utils"`).moved("src/utils/", "src/raft/utils/").without("src/go.mod").
			with("src/raft/go.mod", "module raft\n\nreplace 6.5840/labrpc => ../labrpc\n"), []string{"raft"}},
		"go.work":                {base(t).with("go.work", "go 1.22\n\nuse ./src\n"), []string{"raft", "kvraft"}},
		"dot imports":            {raft().each(dotted), []string{"raft"}},
		"own names for packages": {raft().replace(t, `"6.5840/labrpc"`, `rpc "6.5840/labrpc"`, "*labrpc.", "*rpc."), []string{"raft"}},
		"build tags": {raft().with("src/raft/debug_on.go", "//go:build debug\n\npackage raft\n\nconst tracing = true\n").
			with("src/raft/debug_off.go", "//go:build !debug\n\npackage raft\n\nconst tracing = false\n"), []string{"raft"}},
		"files for other systems": {raft().with("src/raft/x_windows.go", "package raft\n\nimport \"golang.org/x/sys/windows\"\n\nvar _ = windows.Close\n"), []string{"raft"}},
		"ApplyMsg in a file of its own": {raft().cut(t, "src/raft/raft.go", "type ApplyMsg struct {", "type Entry struct").
			with("src/raft/msg.go", "package raft\n\ntype (\n\tApplyMsg struct {\n\t\tCommandValid bool\n\t\tCommand any\n\t\tCommandIndex int\n\t\tSnapshotValid bool\n\t\tSnapshot []byte\n\t\tSnapshotTerm, SnapshotIndex int\n\t}\n)\n"), []string{"raft"}},
		"a type with parameters": {raft().replace(t, "type Raft struct {", "type Raft = peer[Entry]\n\ntype peer[E any] struct {", "func (rf *Raft) ", "func (rf *peer[E]) "), []string{"raft"}},
		"a service with parameters": {base(t).replace(t, "type KVServer struct {", "type server[V any] struct {\n\tnothing V", "func (kv *KVServer) ", "func (kv *server[V]) ").
			with("src/kvraft/alias.go", "package kvraft\n\ntype KVServer = server[string]\n"), []string{"raft", "kvraft"}},
		"a peer below the server": {base(t).replace(t, "	rf        *raft.Raft\n	persister *raft.Persister\n", "	machine\n	persister *raft.Persister\n").
			with("src/kvraft/machine.go", "package kvraft\n\nimport \"6.5840/raft\"\n\ntype machine struct{ rf *raft.Raft }\n"), []string{"raft", "kvraft"}},
		"an upper-case folder":     {base(t).moved("src/raft/", "src/Raft/").replace(t, `"6.5840/raft"`, `"6.5840/Raft"`), []string{"raft", "kvraft"}},
		"a folder of another name": {raft().moved("src/raft/", "src/raft_impl/"), []string{"raft"}},
		"a variable Make":          {raft().replace(t, "\nfunc Make(", "\nvar Make = start\n\nfunc start("), []string{"raft"}},
		"half of a service":        {base(t).with("src/kvraft/client.go", "package kvraft\n"), []string{"raft"}},
		"copies of the framework below the package": {raft().with("src/raft/labrpc/labrpc.go", "package labrpc\n\ntype ClientEnd struct{}\n").with("src/raft/labgob/labgob.go", "package labgob\n").
			replace(t, `"6.5840/labrpc"`, `"6.5840/raft/labrpc"`, `"6.5840/labgob"`, `"6.5840/raft/labgob"`), []string{"raft"}},
		"the framework in internal": {raft().with("src/internal/labrpc/labrpc.go", "package labrpc\n\ntype ClientEnd struct{}\n").
			replace(t, `"6.5840/labrpc"`, `"6.5840/internal/labrpc"`), []string{"raft"}},
		"a comment before the package": {raft().each(func(_, text string) string { return "/* Copyright\nme */ " + text }), []string{"raft"}},
		"a Persister by another file":  {raft().moved("src/raft/persister.go", "src/raft/storage.go"), []string{"raft"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := adopted(t, c.form)
			compiles(t, a, c.packages...)
			assert.NotEmpty(t, a.Dirs)
		})
	}
}

// dotted imports the framework with a dot.
func dotted(_, text string) string {
	return strings.NewReplacer(`"6.5840/labrpc"`, `. "6.5840/labrpc"`, `"6.5840/labgob"`, `. "6.5840/labgob"`, "labrpc.", "", "labgob.", "").Replace(text)
}

// What a student has called as we call what we add is not lost.
func TestNamesLikeOurs(t *testing.T) {
	t.Parallel()
	a := adopted(t, base(t).without("src/kvraft").
		with("src/raft/"+adapterFile, "package raft\n\nimport (\n\tinner \"6.824/raft/helper/utils\"\n)\n\nvar ours = inner.Y\n").
		with("src/raft/helper/utils/x.go", "package utils\n\nvar Y = 1\n"))
	assert.Contains(t, a.text(t, "raft/"+adapterFile), "var ours")
	assert.Contains(t, a.text(t, "raft/raftlab_adapter2.go"), "Added by raftlab adopt")
	assert.Equal(t, "src/raft/helper/utils", a.Dirs["raft/helper/utils"])
	assert.Equal(t, "src/utils", a.Dirs["raft/helper/utils2"])
	compiles(t, a, "raft")
}
