package adopt

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// with adds a file to the peer.
func (s solution) with(name, text string) solution {
	s[name] = text
	return s
}

// Modules of others: some have a stand-in, some come along in vendor/, and some do not get in.
func TestModulesOfOthers(t *testing.T) {
	t.Parallel()
	logs := base(t).without("src/kvraft").with("src/raft/log.go", `package raft

import (
	"os"

	"github.com/fatih/color"
	log "github.com/sirupsen/logrus"
)

var logger = log.New()

func init() {
	log.SetLevel(log.DebugLevel)
	log.SetFormatter(&log.TextFormatter{FullTimestamp: true})
	logger.SetOutput(os.Stdout)
}

func (rf *Raft) tell(err error) {
	entry := log.WithFields(log.Fields{"server": rf.me, "term": 1}).WithError(err)
	entry.Debugf("%s is %d", color.RedString("red %d", 1), 2)
	logger.WithField("a", 1).Warnln("careful")
	color.New(color.FgHiGreen, color.Bold).Println("done")
	var all log.FieldLogger = entry
	all.Info("x")
	if level, err := log.ParseLevel("warn"); err == nil && log.IsLevelEnabled(level) {
		log.Fatalf("no way")
	}
}
`)
	a := adopted(t, logs)
	assert.True(t, a.says(Shimmed, "src/raft/log.go:7", "imports github.com/sirupsen/logrus"), "%v", a.Notes)
	assert.True(t, a.says(Shimmed, "src/raft/log.go:6", "imports github.com/fatih/color"))
	compiles(t, a, "raft")

	own := base(t).without("src/kvraft").with("src/vendor/example.org/tree/tree.go", "package tree\n\nimport \"example.org/tree/inner\"\n\nfunc Size() int { return inner.Size }\n").
		with("src/vendor/example.org/tree/inner/inner.go", "package inner\n\nconst Size = 3\n").
		with("src/vendor/example.org/raft/raft.go", "package raft\n\nfunc Make() {}\n"). // is nobody's solution
		with("src/raft/size.go", "package raft\n\nimport \"example.org/tree\"\n\nvar size = tree.Size()\n")
	a = adopted(t, own)
	assert.Equal(t, "src/raft", a.Dirs["raft"])
	assert.Contains(t, a.Dirs, "raft/helper/tree")
	compiles(t, a, "raft")

	// What the course allows comes in for those that do not bring it, and nothing of it for those that do.
	bare := maps.Clone(own).without("src/vendor/example.org/tree")
	a = adopted(t, bare)
	assert.True(t, a.says(Named, "src/raft/size.go:3", "a course that allows it gives its code with --modules"), "%v", a.Notes)
	allowed := solution{"example.org/tree/tree.go": "package tree\n\nfunc Size() int { return 4 }\n", "example.org/tree/tree_test.go": "package tree\n", "modules.txt": "x"}
	files, err := Modules(t.Context(), allowed.write(t))
	require.NoError(t, err)
	a, err = Read(t.Context(), bare.write(t), Auto, files...)
	require.NoError(t, err)
	assert.Contains(t, a.text(t, "raft/helper/tree/tree.go"), "return 4")
	compiles(t, a, "raft")
	files[0].Name = "src/" + files[0].Name
	a, err = Read(t.Context(), own.write(t), Auto, files...)
	require.NoError(t, err)
	assert.NotContains(t, a.text(t, "raft/helper/tree/tree.go"), "return 4", "the student's own is nearer")
	_, err = Modules(t.Context(), solution{"tree.go": "package tree\n"}.write(t))
	assert.ErrorContains(t, err, "give the folder vendor")

	a = adopted(t, base(t).with("src/raft/z.go", "package raft\n\nimport (\n\t_ \"go.uber.org/zap/zapcore\"\n\t_ \"example.org/tree\"\n)\n"))
	assert.True(t, a.says(Named, "src/raft/z.go:4", "imports go.uber.org/zap/zapcore, whose code would be refused if it was handed in, because it uses net/http"), "%v", a.Notes)
	assert.True(t, a.says(Named, "src/raft/z.go:5", "hand in its code (`go mod vendor`"), "%v", a.Notes)
}
