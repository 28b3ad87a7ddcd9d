package sim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// impl writes a directory with the files of a package, each "name: text".
func impl(t *testing.T, files ...string) map[string]string {
	dir := t.TempDir()
	for _, f := range files {
		name, text, _ := strings.Cut(f, ": ")
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return map[string]string{"raft": dir}
}

const honest = "raft.go: package raft\n\nfunc Run(name string, note func(string)) string { return \"not a pass\" }\n"

// TestRefused holds forgeries that are stopped before they are compiled.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, what string }{
		"unsafe":            {"x.go: package raft\nimport (\n\t\"fmt\"\n\tu \"unsafe\"\n)\n", "x.go:4: imports unsafe"},
		"own wasmimport":    {"x.go: package raft\n//go:wasmimport raftlab verdict\nfunc v(p, n uint32)\n", "x.go:2: uses //go:wasmimport"},
		"wasmexport":        {"x.go: package raft\n\n//go:wasmexport f\nfunc f() {}\n", "x.go:3: uses //go:wasmexport"},
		"linkname":          {"x.go: package raft\n//go:linkname v raftlab/tester.hostVerdict\nfunc v(p *byte, n uint32)\n", "x.go:2: uses //go:linkname"},
		"embed":             {"x.go: package raft\nimport _ \"embed\"\n//go:embed x.go\nvar s string\n", "x.go:3: uses //go:embed"},
		"testing":           {"x.go: package raft\nimport \"testing\"\n", "x.go:2: imports testing"},
		"testing/synctest":  {"x.go: package raft\nimport \"testing/synctest\"\n", "x.go:2: imports testing/synctest"},
		"tester":            {"x.go: package raft\nimport . \"raftlab/tester\"\n", "x.go:2: imports raftlab/tester"},
		"labs":              {"x.go: package raft\nimport _ \"raftlab/labs/lab2\"\n", "x.go:2: imports raftlab/labs/lab2"},
		"internal":          {"x.go: package raft\nimport \"raftlab/internal/backedge\"\n", "x.go:2: imports raftlab/internal/backedge"},
		"cgo":               {"x.go: package raft\nimport \"C\"\n", "x.go:2: imports C"},
		"assembly":          {"x_wasm.s: TEXT ·f(SB), 0, $0\n", "x_wasm.s:1: is a .s file"},
		"object file":       {"x.syso: ", "x.syso:1: is a .syso file"},
		"subpackage":        {"deep/er/x.go: package er\nimport \"unsafe\"\n", "er/x.go:2: imports unsafe"},
		"reflect":           {"x.go: package raft\nimport r \"reflect\"\nvar _ = r.NewAt\n", "x.go:3: uses NewAt of package reflect"},
		"reflect elsewhere": {"x.go: package raft\nimport \"reflect\"\nvar v = reflect.ValueOf(1)\nvar p = v.UnsafePointer()\n", "x.go:4: uses Value.UnsafePointer of package reflect"},
		"atomic pointers":   {"x.go: package raft\nimport \"sync/atomic\"\nvar _ = atomic.LoadPointer\n", "x.go:3: uses LoadPointer"},
		"false position":    {"x.go: package raft\n//line harmless.go:1\nimport \"unsafe\"\n", "x.go:3: imports unsafe"},
		"syscall":           {"x.go: package raft\nimport \"syscall\"\nvar _ = syscall.Exit\n", "x.go:2: imports syscall"},
		"heap dump":         {"x.go: package raft\nimport \"runtime/debug\"\nvar _ = debug.WriteHeapDump\n", "x.go:3: uses WriteHeapDump of package runtime/debug"},
		"the engine's name": {"x.go: package raft\nvar raftlab_backedge int\n", "x.go:2: uses the name raftlab_backedge"},
	} {
		t.Run(name, func(t *testing.T) {
			b := miniBuild(t)
			b.Impl = impl(t, honest, c.file)
			_, err := b.Binary(context.Background(), nil)
			var refused *RefusedError
			require.True(t, errors.As(err, &refused), "%v", err)
			require.Contains(t, err.Error(), c.what)
			require.Contains(t, refused.Refusals[0].File, b.Impl["raft"])
		})
	}
}

// TestFilesThatAreNotRead: what is not a file of the submission ends the build before anything is
// read.
func TestFilesThatAreNotRead(t *testing.T) {
	b := miniBuild(t)
	b.Impl = impl(t, honest)
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(b.Impl["raft"], "x.go")))
	_, err := b.Binary(context.Background(), nil)
	require.ErrorContains(t, err, "x.go:1: is a symbolic link: only regular files are read")
	var refused *RefusedError
	require.True(t, errors.As(err, &refused))

	b.Impl = impl(t, honest, "x.go: package raft\n//"+strings.Repeat("x", 1<<20))
	_, err = b.Binary(context.Background(), nil)
	require.ErrorContains(t, err, "x.go:1:1: is too large: a Go file may have 1024 KiB")

	tree := t.TempDir()
	b.Impl = impl(t, honest)
	require.NoError(t, os.Symlink(b.Impl["raft"], filepath.Join(tree, "raft")))
	b.Impl["raft"] = tree
	_, err = b.Binary(context.Background(), nil)
	require.ErrorContains(t, err, "no Go code") // a link to somebody else's package
}

// TestAllowed: ordinary code is not refused, nor are files that are not compiled.
func TestAllowed(t *testing.T) {
	b := miniBuild(t)
	b.Impl = impl(t, honest,
		"a.go: package raft\nimport (\n\"reflect\"\n\"sync/atomic\"\n\"os/signal\"\n\"raftlab/raft/internal/own\"\n\"raftlab/raft/util\"\n)\nvar _ = own.X\nvar _ = reflect.DeepEqual(1, 2)\nvar _ atomic.Pointer[int]\nvar _ = signal.Ignore\nvar _ = util.X\ntype Op struct{ Method string }\n",
		"internal/own/o.go: package own\n\nvar X = 1\n",
		"util/u.go: package util\n\n//go:noinline\nfunc f() {}\nvar X = 1\n",
		"a_test.go: package raft\nimport \"testing\"\nfunc TestLab2(t *testing.T) {}\n",
		"tool.go: //go:build ignore\n\npackage main\nimport \"unsafe\"\n",
		"x_linux.go: package raft\nimport \"unsafe\"\n",
		"_old.go: package old\n", "testdata/x.go: package x\nimport \"unsafe\"\n", "README.md: hello\n")
	binary, err := b.Binary(context.Background(), nil)
	require.NoError(t, err)
	r := newPool(t, 1).Run(context.Background(), miniJob(binary, "pass", 1))
	require.Equal(t, "not a pass", r.Verdict.Message)
}

// diedSaying are what is told of processes that end by themselves.
var diedSaying = map[string]string{
	"log file in init": "cannot open raft.log: open raft.log: Bad file number",
	"flags in init":    "before that: flag provided but not defined",
}

// TestForgeries holds forgeries that compile, and must not help (testdata/mini/raft/forge.go).
func TestForgeries(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	for name, want := range map[string]record.Outcome{
		"close the output": record.Fail, "false trace": record.Fail,
		"recover": record.Fail, "change the runtime": record.Fail, "look around": record.Fail, "tear an interface": record.Fail,
		"goexit": record.Crash, "exit in goroutine": record.Crash, "close the output and crash": record.Crash, "harness crash": record.Crash,
	} {
		t.Run(name, func(t *testing.T) {
			r := p.Run(context.Background(), miniJob(b, name, 1))
			require.Equal(t, want, r.Verdict.Outcome, r.Verdict.Message)
			if want == record.Fail {
				require.Equal(t, "f", r.Verdict.Message)
			}
		})
	}
	for name, want := range map[string]record.Outcome{
		"exit in init": record.Crash, "harness crash in init": record.Crash, "exit in the background": record.Crash, "goexit in init": record.Crash,
		"panic in init": record.Crash, "wait in init": record.Stuck,
		"log file in init": record.Crash, "flags in init": record.Crash, "a native verdict": record.Fail,
	} {
		t.Run(name, func(t *testing.T) {
			j := miniJob(b, "wait and fail", 1)
			j.Env = []string{"FORGE=" + name}
			r := p.Run(context.Background(), j)
			require.Equal(t, want, r.Verdict.Outcome, r.Verdict.Message)
			if name != "panic in init" {
				require.NotContains(t, r.Verdict.Message, "panic")
			}
			if says := diedSaying[name]; says != "" {
				require.Equal(t, "process ended", r.Verdict.Rule)
				require.Contains(t, r.Verdict.Message, says)
			}
		})
	}
}

// TestCompileErrorsName: the compiler is shown other files than the user's, but says the user's
// names wherever the cache is: inside the framework, behind a link, with a space in its name.
func TestCompileErrorsName(t *testing.T) {
	base := filepath.Join(t.TempDir(), "with a space")
	framework := filepath.Join(base, "framework")
	require.NoError(t, os.CopyFS(framework, os.DirFS(filepath.Join("testdata", "mini"))))
	require.NoError(t, os.Mkdir(filepath.Join(base, "place"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(base, "place"), filepath.Join(base, "link")))
	submitted := impl(t, "x.go: package raft\n\nfunc f() { for { var s string = 1; _ = s } }\nfunc f() {}\n")["raft"]
	linked := filepath.Join(base, "submitted")
	require.NoError(t, os.Symlink(submitted, linked))
	for name, cache := range map[string]string{
		"in the framework": filepath.Join(framework, ".cache"), "a link": filepath.Join(base, "link"), "beside": filepath.Join(base, "my cache"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RAFTLAB_CACHE", cache)
			b := miniBuild(t)
			b.Framework, b.Impl = framework, map[string]string{"raft": linked}
			_, err := b.Binary(context.Background(), nil)
			var compile *CompileError
			require.ErrorAs(t, err, &compile)
			require.Contains(t, compile.Output, filepath.Join(linked, "x.go")+":3:33:")
			require.Contains(t, compile.Output, filepath.Join(linked, "x.go")+":4:6:")
			require.NotContains(t, compile.Output, "dir-")
		})
	}
}

func TestCompileErrors(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"column in a loop": {"x.go: package raft\n\nfunc f() { for { var s string = 1; _ = s } }\n", "x.go:3:33:"},
		"syntax":           {"x.go: package raft\nfunc f( {\n", "x.go:2:9:"},
		"no Run":           {"x.go: package raft\n", "raft.Run"},
		"another package":  {"x.go: package notraft\n", "package notraft, but the tests need package raft"},
		"missing package":  {"x.go: package raft\nimport _ \"nowhere\"\nfunc Run(string, func(string)) string { return \"\" }\n", "nowhere"},
		"no code":          {"x.txt: nothing\n", ""},
		"another module":   {"x.go: package raft\nimport \"6.5840/labrpc\"\n", "x.go:2:8: import \"6.5840/labrpc\""},
		"tests only":       {"x_test.go: package raft\n", "no Go file"},
		"impossible path":  {"x.go: package raft\nimport \"raftlab/raft/a b\"\nvar _ = ab.X\n\x00a b/x.go: package ab\nvar X = 1\n", "x.go:2:8: invalid import path"},
		"two packages":     {"x.go: package raft\nimport \"raftlab/raft/a\"\nvar _ = a.X\n\x00a/x.go: package a\nvar X = 1\n\x00a/y.go: package b\n", "found packages a (x.go) and b (y.go) in raft/a"},
		"build line":       {"x.go: // About it.\n\n//go:build !!a\n\npackage raft\n", "x.go:3:1: parsing //go:build line: double negation"},
		"two build lines":  {"x.go: //go:build !a\n//go:build !b\n\npackage raft\n", "x.go:2:1: multiple //go:build comments"},
		"huge variable":    {"x.go: package raft\nvar a [1 << 40]int\nfunc Run(string, func(string)) string { a[1] = 2; return \"\" }\n", "a package variable has 8796093022208 bytes"},
		"about a disk":     {"x.go: package raft\nvar x int = \"no space left on device\"\n", "x.go:2:13:"},
		"about memory":     {"x.go: package raft\nvar x int = \"cannot allocate memory\"\n", "x.go:2:13:"},
		"about ourselves":  {"x.go: package raft\nvar x int = \"runtime.raftlab_owner\"\n", "x.go:2:13:"},
	} {
		t.Run(name, func(t *testing.T) {
			b := miniBuild(t)
			b.Impl = impl(t, strings.Split(c.file, "\x00")...)
			_, err := b.Binary(context.Background(), nil)
			t.Log(err)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), filepath.Join("testdata", "mini"), "that is where the framework is, and not the user's")
			if c.says != "" {
				var compile *CompileError
				require.True(t, errors.As(err, &compile), "%v", err)
			}
		})
	}
}
