package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vetted says what a file beside an honest package is told. Nothing is compiled.
func vetted(t *testing.T, files ...string) error {
	b := miniBuild(t)
	b.Framework = filepath.Join("..", "..")
	b.Edits = nil
	b.Impl = impl(t, append([]string{"a.go: package raft\n"}, files...)...)
	checked, err := b.Vet(context.Background())
	if err == nil && len(checked.Errors) > 0 {
		return checked.Errors[0]
	}
	return err
}

// TestForbiddenObjects: one way for each kind of thing that is not on the list, however it is
// reached.
func TestForbiddenObjects(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"environment":                 {"import \"os\"\nfunc f() { os.Setenv(\"GODEBUG\", \"panicnil=1\") }", ":3: uses Setenv of package os"},
		"environment, by value":       {"import . \"os\"\nvar f = Setenv", ":3: uses Setenv of package os"},
		"finalizer":                   {"import \"runtime\"\nvar f = runtime.SetFinalizer", ":3: uses SetFinalizer"},
		"cleanup":                     {"import \"runtime\"\nfunc f(p *int) { runtime.AddCleanup(p, func(int) {}, 1) }", ":3: uses AddCleanup"},
		"another Raft":                {"import theirs \"raftlab/etcdraft\"\ntype R = theirs.Peer", ":2: imports raftlab/etcdraft"},
		"templates":                   {"import _ \"text/template\"", ":2: imports text/template"},
		"network":                     {"import _ \"net/http\"", ":2: imports net/http"},
		"not listed":                  {"import _ \"go/types\"", ":2: imports go/types"},
		"internal":                    {"import _ \"internal/abi\"", ":2: imports internal/abi"},
		"a network of its own":        {"import \"raftlab/labrpc\"\nvar n = labrpc.MakeNetwork()", ":3: uses MakeNetwork"},
		"a persister of its own":      {"import \"raftlab/raftapi\"\nvar p = raftapi.MakePersister()", ":3: uses MakePersister"},
		"the harness's hook":          {"import \"raftlab/raftapi\"\nfunc f() { raftapi.OnReached(nil) }", ":3: uses OnReached"},
		"value without reflect":       {"import (\n\"encoding/json\"\n)\nfunc f(e *json.UnmarshalTypeError) { _ = e.Type.Method(0).Func.UnsafePointer() }", ":5: uses "},
		"value, only inferred":        {"import \"encoding/json\"\nfunc g[R any](x interface{ Method(int) R }) R { return x.Method(0) }\nfunc f(e *json.UnmarshalTypeError) { m := g(e.Type); _ = m }", ":4: has to do with Method of package reflect"},
		"value in a type switch":      {"import \"reflect\"\nfunc f(x any) { switch x.(type) { case reflect.Value: } }", ":3: uses Value of package reflect"},
		"embedded":                    {"import \"reflect\"\ntype T struct{ reflect.Type }\nfunc f(x T) { x.Method(0) }", ":4: uses Type.Method"},
		"method expression":           {"import \"reflect\"\nvar f = reflect.Type.Method", ":3: uses Type.Method"},
		"raw connection":              {"import \"os\"\nfunc f() { c, _ := os.Stdout.SyscallConn(); _ = c }", ":3: has to do with RawConn of package syscall"},
		"unsafe pointer, inferred":    {"import \"sync/atomic\"\nfunc g[P any](f func(*P) P) {}\nfunc f() { g(atomic.LoadPointer) }", ":4: uses LoadPointer"},
		"assign":                      {"import \"io\"\nfunc f() { io.EOF = nil }", ":3: assigns to EOF of package io"},
		"assign, in brackets":         {"import \"io\"\nfunc f() { (io.EOF) = nil }", ":3: assigns to EOF"},
		"assign, imported by dot":     {"import . \"io\"\nfunc f() { EOF = nil }", ":3: assigns to EOF"},
		"assign, several":             {"import (\n\"io\"\n)\nfunc f() { var x int; x, io.EOF = 1, nil; _ = x }", ":5: assigns to EOF"},
		"assign, in a closure":        {"import \"crypto/rand\"\nvar f = func() { rand.Reader = nil }", ":3: assigns to Reader of package crypto/rand"},
		"assign, by range":            {"import \"io\"\nfunc f() { for _, io.EOF = range []error{nil} {} }", ":3: assigns to EOF"},
		"assign, by select":           {"import \"io\"\nfunc f(c chan error) { select { case io.EOF = <-c: } }", ":3: assigns to EOF"},
		"assign, what it points to":   {"import \"os\"\nfunc f() { *os.Stdout = *os.Stderr }", ":3: assigns to Stdout"},
		"assign, an element":          {"import \"os\"\nfunc f() { os.Args[0] = \"\" }", ":3: assigns to Args"},
		"assign, the extensions":      {"import \"raftlab/raftapi\"\nfunc f() { raftapi.Extensions = nil }", ":3: assigns to Extensions"},
		"copy over":                   {"import \"os\"\nfunc f() { copy(os.Args, []string{\"\"}) }", ":3: changes Args"},
		"address":                     {"import \"io\"\nfunc f() { p := &io.EOF; *p = nil }", ":3: takes the address of EOF"},
		"alias of what is shared":     {"import \"os\"\nfunc f() { p := os.Stdout; *p = os.File{} }", ":3: copies or replaces"},
		"shared, by a type argument":  {"import \"time\"\nfunc set[T any](p *T) { var zero T; *p = zero }\nfunc f() { set(time.UTC) }", ":4: copies or replaces"},
		"assign, by another name":     {"import \"os\"\nfunc f() { a := os.Args; a[0] = \"\" }", ":3: gives another name to Args of package os"},
		"table, by another name":      {"import \"unicode\"\nfunc f() { m := unicode.Scripts; m[\"x\"] = nil }", ":3: gives another name to Scripts of package unicode"},
		"table, what it points to":    {"import \"unicode\"\nfunc f() { g(unicode.Han) }\nfunc g(t *unicode.RangeTable) { t.R16 = nil }", ":3: gives another name to Han"},
		"element, by another name":    {"import \"unicode\"\nfunc f() { t := unicode.Scripts[\"Han\"]; t.R16 = nil }", ":3: gives another name to Scripts"},
		"range over what is shared":   {"import \"unicode\"\nfunc f() { for _, t := range unicode.Scripts { t.R16 = nil } }", ":3: gives another name to Scripts"},
		"the extensions, sorted":      {"import (\n\"slices\"\n\"raftlab/raftapi\"\n)\nfunc f() { slices.Sort(raftapi.Extensions) }", ":6: gives another name to Extensions"},
		"a name for a shared type":    {"import \"os\"\ntype file os.File\nfunc f() { *(*file)(os.Stdout) = *(*file)(os.Stderr) }", ":3: makes a new name for os.File"},
		"registry of hashes":          {"import (\n\"crypto\"\n\"hash\"\n)\nfunc f(h hash.Hash) { crypto.RegisterHash(19, func() hash.Hash { return h }) }", ":6: uses RegisterHash"},
		"tables of checksums":         {"import \"hash/crc32\"\nfunc f(x uint32) { crc32.IEEETable[0] = x }", ":3: assigns to IEEETable"},
		"a name for that table":       {"import \"hash/crc32\"\nvar t = crc32.IEEETable", ":3: gives another name to IEEETable"},
		"handles of equal values":     {"import _ \"unique\"", ":2: imports unique"},
		"flag with a value of ours":   {"import \"flag\"\nfunc f(v flag.Value) { flag.Var(v, \"x\", \"\") }", ":3: uses Var of package flag"},
		"flags, set":                  {"import \"flag\"\nfunc f() { flag.Set(\"test.run\", \"x\") }", ":3: uses Set of package flag"},
		"flags, all":                  {"import \"flag\"\nfunc f() { flag.CommandLine.Init(\"\", 0) }", ":3: uses CommandLine of package flag"},
		"the logger's writer":         {"import \"log\"\ntype w struct{}\nfunc (w) Write(p []byte) (int, error) { panic(p) }\nfunc f() { log.SetOutput(w{}) }", ":5: sets the output of package log's logger"},
		"the logger's writer, later":  {"import (\n\"io\"\n\"log\"\n)\nvar set func(io.Writer) = log.SetOutput", ":6: sets the output of package log's logger"},
		"the logger's flags, read":    {"import \"log\"\nfunc f() int { return log.Flags() }", ":3: reads the flags of package log's logger"},
		"the logger's flags, kept":    {"import \"log\"\nvar kept int\nfunc keep(n int) int { kept = n; return n }\nfunc f() { log.SetFlags(keep(log.Flags()) | 1) }", ":5: reads the flags of package log's logger"},
		"the logger's flags, inside":  {"import \"log\"\nfunc f() { log.SetFlags(func() int { return log.Flags() }()) }", ":3: reads the flags of package log's logger"},
		"ignored signals":             {"import (\n\"os\"\n\"os/signal\"\n)\nfunc f() bool { return signal.Ignored(os.Interrupt) }", ":6: uses Ignored of package os/signal"},
		"names in a registry":         {"import \"encoding/gob\"\nfunc f(s string) { gob.RegisterName(s, 1) }", ":3: registers a type under a name that is no constant"},
		"names in labgob's registry":  {"import \"raftlab/labgob\"\nfunc f(s string) { (labgob.RegisterName)(s, 1) }", ":3: registers a type under a name that is no constant"},
		"names, by a value":           {"import \"raftlab/labgob\"\nvar f = labgob.RegisterName", ":3: registers a type under a name that is no constant"},
		"names of the framework's":    {"import \"raftlab/labgob\"\nconst lab = \"raftlab/labs/\"\nfunc init() { labgob.RegisterName(lab+\"rsm.Note\", 1) }", ":4: registers a type under a name that begins with raftlab/"},
		"one's own stack as text":     {"import \"runtime/debug\"\nfunc f() string { return string(debug.Stack()) }", ":3: uses Stack of package runtime/debug"},
		"addresses as numbers":        {"import \"hash/maphash\"\nfunc f(s maphash.Seed, p *int) uint64 { return maphash.Comparable(s, p) }", ":3: uses Comparable of package hash/maphash"},
		"persister in a variable":     {"import \"raftlab/raftapi\"\nvar p *raftapi.Persister\nfunc f() { p = raftapi.MakePersister() }", ":4: uses MakePersister"},
		"memory for a persister":      {"import \"raftlab/raftapi\"\nvar p = raftapi.NewPersister(raftapi.NewMemory())", ":3: uses NewMemory"},
		"weak pointers":               {"import _ \"weak\"", ":2: imports weak"},
		"what a profiler exports":     {"import _ \"expvar\"", ":2: imports expvar"},
		"the logger's prefix, read":   {"import \"log\"\nfunc f() string { return log.Prefix() }", ":3: uses Prefix of package log"},
		"the logger itself":           {"import \"log\"\nvar l = log.Default()", ":3: uses Default of package log"},
		"the structured logger":       {"import \"log/slog\"\nfunc f(l *slog.Logger) { slog.SetDefault(l) }", ":3: uses SetDefault of package log/slog"},
		"the structured one, by With": {"import \"log/slog\"\nfunc f(h slog.Handler) { *slog.With() = *slog.New(h) }", ":3: copies or replaces what a pointer to a slog.Logger points to"},
		"everybody's stacks":          {"import \"runtime\"\nfunc f(b []byte) { runtime.Stack(b, true) }", ":3: uses Stack of package runtime"},
		"an entrance that keeps":      {"var Make = func() func() int { n := 0; return func() int { n++; return n } }()", ":2: has a variable Make"},
		"line directive":              {"//line x.go:1\nfunc f() {}", ":2: uses a line directive"},
		"line directive, inside":      {"func f() { /*line x.go:1:1*/ }", ":2: uses a line directive"},
		"debug directive":             {"//go:debug panicnil=1\nfunc f() {}", ":2: uses //go:debug"},
		"embedded file":               {"import _ \"embed\"\n//go:embed a.go\nvar s string", ":2: imports embed"},
		"cgo":                         {"import \"C\"", ":2: imports C"},
	} {
		t.Run(name, func(t *testing.T) {
			err := vetted(t, "x.go: package raft\n"+c.text+"\n")
			var refused *RefusedError
			require.True(t, errors.As(err, &refused), "%v", err)
			require.ErrorContains(t, err, "x.go"+c.says)
		})
	}
}

// TestOrdinaryObjects: what solutions use is on the list.
func TestOrdinaryObjects(t *testing.T) {
	for name, text := range map[string]string{
		"numbers":      "import (\n\"crypto/rand\"\n\"math/big\"\n)\nfunc f() int64 { n, _ := rand.Int(rand.Reader, big.NewInt(1<<62)); return n.Int64() }",
		"environment":  "import (\n\"os\"\n\"strconv\"\n)\nvar verbose, _ = strconv.Atoi(os.Getenv(\"VERBOSE\"))",
		"log file":     "import (\n\"log\"\n\"os\"\n)\nfunc init() { if f, err := os.Create(\"x.log\"); err == nil { log.SetOutput(f); log.SetFlags(log.Lmicroseconds) } }",
		"newer":        "import (\n\"cmp\"\n\"maps\"\n\"math/rand/v2\"\n\"slices\"\n)\nvar x = slices.SortedFunc(maps.Keys(map[int]int{rand.N(3): 1}), cmp.Compare[int])",
		"atomics":      "import \"sync/atomic\"\nvar a atomic.Int32\nvar b atomic.Pointer[int]\nvar n int32\nfunc f() { atomic.AddInt32(&n, a.Load()) }",
		"reflection":   "import \"reflect\"\nfunc f(a, b any) bool { return reflect.DeepEqual(a, b) && reflect.TypeOf(a).String() != \"\" }",
		"runtime":      "import \"runtime\"\nfunc f() { pc, _, _, _ := runtime.Caller(0); println(runtime.FuncForPC(pc).Name(), runtime.NumGoroutine()); runtime.Gosched() }",
		"encodings":    "import (\n\"bytes\"\n\"encoding/gob\"\n\"encoding/json\"\n)\nfunc f(x any) { gob.NewEncoder(new(bytes.Buffer)).Encode(x); json.Marshal(x) }",
		"slog":         "import (\n\"log/slog\"\n\"os\"\n)\nvar l = slog.New(slog.NewTextHandler(os.Stderr, nil))",
		"older":        "import (\n\"io/ioutil\"\n\"log\"\n)\nfunc init() { log.SetOutput(ioutil.Discard) }",
		"logger":       "import (\n\"io\"\n\"log\"\n\"os\"\n)\nfunc init() { log.SetFlags(log.Flags() &^ (log.Ldate | log.Ltime)); log.SetOutput(io.MultiWriter(os.Stderr, io.Discard)); log.New(os.Stderr, \"\", 0).SetPrefix(\"x\") }",
		"looking":      "import (\n\"fmt\"\n\"os\"\n\"slices\"\n\"unicode\"\n\"raftlab/raftapi\"\n)\nfunc f(r rune) bool { for _, a := range os.Args { fmt.Println(a, os.Args, os.Args[0], len(os.Args)) }; return unicode.Is(unicode.Han, r) && slices.Contains(raftapi.Extensions, raftapi.PreVote) }",
		"stack":        "import \"runtime/debug\"\nfunc f() { debug.PrintStack() }",
		"own variable": "var x = []int{1}\nfunc f() { x[0]++; p := &x; clear(*p) }",
		"names":        "import \"raftlab/labgob\"\nconst op = \"Op\"\nfunc init() { labgob.RegisterName(op+\"1\", 1) }",
		"generics":     "import \"cmp\"\ntype list[T any] struct { head *node[T] }\ntype node[T any] struct { v T; next *node[T] }\nfunc (l *list[T]) add(v T) *list[T] { l.head = &node[T]{v, l.head}; return l }\nfunc pick[K cmp.Ordered, V any](m map[K]V) list[K] { var l list[K]; for k := range m { l.add(k) }; return l }\nfunc swap[A, B any](n int, a A, b B) { if n > 0 { swap[B, A](n-1, b, a) } }\nfunc f() { swap(3, 1, true); pick(map[string]int{}); pick(map[int]list[string]{}) }",
		"checksums":    "import (\n\"hash/crc32\"\n\"hash/crc64\"\n)\nvar t = crc32.MakeTable(crc32.Castagnoli)\nfunc f(b []byte) { crc32.Checksum(b, t); crc32.New(crc32.IEEETable); crc64.MakeTable(crc64.ISO)[0] = 1 }",
		"line comment": "//line up what follows\nfunc f() {}",
		"end":          "import \"raftlab/labrpc\"\nfunc f(e []*labrpc.ClientEnd) bool { var r int; return e[0].Call(\"Raft.X\", 1, &r) }",
	} {
		require.NoError(t, vetted(t, "x.go: package raft\n"+text+"\n"), name)
	}
}

// TestFilesThatPlayNoRole: tags, vendor and go.mod of a submission do not reach the build.
func TestFilesThatPlayNoRole(t *testing.T) {
	require.NoError(t, vetted(t, "x.go: //go:build linux\n\npackage raft\nimport \"unsafe\"\n", "vendor/unsafe2/v.go: package v\nimport \"unsafe\"\n",
		"go.mod: module other\n\ngo 1.10\n\nreplace raftlab/labrpc => ../evil\n"))
	require.ErrorContains(t, vetted(t, "x.go: package raft\nimport _ \"unsafe2\"\n", "vendor/unsafe2/v.go: package unsafe2\n"), "x.go:2:8: package unsafe2 is not in std")
	require.ErrorContains(t, vetted(t, "x.go: //go:build go1.21\n\npackage raft\nimport \"unsafe\"\n"), "imports unsafe")
}

// TestUnreadable: what the parser gives up on is not handed on.
func TestUnreadable(t *testing.T) {
	for _, text := range []string{
		"var x = " + strings.Repeat("(", 200_000) + "1" + strings.Repeat(")", 200_000),
		"var x = " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
		"var x " + strings.Repeat("[]", 5000) + "int",
		"func f() " + strings.Repeat("{", 5000) + strings.Repeat("}", 5000),
		"func f( {",
		"var x = \"\x00\"",
	} {
		var compile *CompileError
		err := vetted(t, "x.go: package raft\n"+text+"\n")
		require.True(t, errors.As(err, &compile), "%v", err)
		require.ErrorContains(t, err, "x.go:2:")
	}
}

// TestLargeTypes: types that double with every line are refused before anything expands them.
func TestLargeTypes(t *testing.T) {
	doubling, generic := "type T0 struct{ a, b int }\n", "type G[A any] struct{ a, b A }\ntype X = "+strings.Repeat("G[", 40)+"int"+strings.Repeat("]", 40)+"\n"
	for i := 1; i < 40; i++ {
		doubling += fmt.Sprintf("type T%d struct{ a, b T%d }\n", i, i-1)
	}
	for _, text := range []string{doubling + "var x, y T39\nvar z = x == y\n", generic + "var x, y X\n"} {
		require.ErrorContains(t, vetted(t, "x.go: package raft\n"+text), "parts: put some of them behind a pointer")
	}
	embedding, union := "type I0 interface{ M() }\n", "type U0 interface{ ~int | ~string }\n"
	for i := 1; i < 40; i++ {
		embedding += fmt.Sprintf("type I%d interface{ I%d; J%d }\ntype J%d interface{ I%d; M() }\n", i, i-1, i, i, i-1)
		union += fmt.Sprintf("type U%d interface{ U%d | U%d }\n", i, i-1, i-1)
	}
	for _, text := range []string{embedding + "var x I39\n", union + "func f[T U39]() {}\n"} {
		require.ErrorContains(t, vetted(t, "x.go: package raft\n"+text), "times: embed each once")
	}
}

// TestManyInstances: generic functions and types that use each other twice are refused before
// anybody makes what they stand for.
func TestManyInstances(t *testing.T) {
	functions, kinds, methods := "func f30[T any]() {}\nfunc F() { f0[int]() }\n", "type t30[T any] struct{ x T }\nvar X t0[int]\n", "type m30[T any] struct{ x T }\nvar X m0[int]\n"
	for i := range 30 {
		functions += fmt.Sprintf("func f%d[T any]() { f%d[*T](); f%d[[]T]() }\n", i, i+1, i+1)
		kinds += fmt.Sprintf("type t%d[T any] struct{ a *t%d[*T]; b []t%d[[]T] }\n", i, i+1, i+1)
		methods += fmt.Sprintf("type m%d[T any] struct{ x T }\nfunc (m m%d[T]) M() { var a m%d[*T]; var b m%d[[]T]; _, _ = a, b }\n", i, i, i+1, i+1)
	}
	parameters := "func g[A, B, C, D, E, F, G, H any](n int) { if n > 0 { g[B, A, C, D, E, F, G, H](n - 1); g[B, C, D, E, F, G, H, A](n - 1) } }\n" +
		"func F() { g[int8, int16, int32, int64, uint8, uint16, uint32, uint64](9) }\n"
	wide := "func h[T any]() {}\nfunc w[T any]() { h[*T](); h[[]T](); h[chan T]() }\nfunc F() {\n"
	for i := range 8000 {
		wide += fmt.Sprintf("w[[%d]int]()\n", i)
	}
	for name, text := range map[string]string{"functions": functions, "types": kinds, "methods": methods, "orders": parameters, "wide": wide + "}\n"} {
		require.ErrorContains(t, vetted(t, "x.go: package raft\n"+text), "would be made for more than 20000 lists of types", name)
	}
}

// TestOwnCodeIsAllowed: nothing that this repository tests, or gives out, is refused.
func TestOwnCodeIsAllowed(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	skeleton := t.TempDir()
	require.NoError(t, os.CopyFS(skeleton, os.DirFS(filepath.Join(root, "internal", "course", "skeleton"))))
	require.NoError(t, filepath.WalkDir(skeleton, func(name string, e os.DirEntry, err error) error {
		if strings.HasSuffix(name, ".go.txt") {
			return os.Rename(name, strings.TrimSuffix(name, ".txt"))
		}
		return err
	}))
	for name, b := range map[string]Build{
		"raft":     {Package: "./raft"},
		"kvsrv":    {Package: "./kvsrv"},
		"kvraft":   {Package: "./kvraft"},
		"shardkv":  {Package: "./shardkv"},
		"services": {Package: "./shardkv", Impl: map[string]string{"raft": root + "/raft", "kvraft": root + "/kvraft", "shardkv": root + "/shardkv"}},
		"peer":     {Package: "./shardkv", Impl: map[string]string{"raft": root + "/raft"}}, // the services import it
		"etcdraft": {Package: "./raft", Impl: map[string]string{"raft": filepath.Join(root, "etcdraft", "raft")}},
		"warm-up":  {Package: "./kvsrv", Impl: map[string]string{"kvsrv": skeleton + "/kvsrv"}},
		"skeleton": {Package: "./kvraft", Impl: map[string]string{"raft": skeleton + "/raft", "kvraft": skeleton + "/kvraft"}},
		"sharded":  {Package: "./shardkv", Impl: map[string]string{"raft": skeleton + "/raft", "shardkv": skeleton + "/shardkv"}},
	} {
		b.Framework = root
		checked, err := b.Vet(context.Background())
		require.NoError(t, err, name)
		require.Empty(t, checked.Errors, name)
	}
	for _, year := range []string{"classic2021", "classic2023", "sixfive2025"} {
		edits := map[string][]byte{}
		files, err := filepath.Glob(filepath.Join(root, "internal", "fixtures", year, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			edits["raft/"+filepath.Base(file)] = []byte(strings.Replace(string(text), "\npackage "+year, "\npackage raft", 1))
		}
		b := Build{Framework: root, Package: "./raft", Impl: impl(t, "raft.go: package raft\n"), Edits: edits}
		checked, err := b.Vet(context.Background())
		require.NoError(t, err, year)
		require.Empty(t, checked.Errors, year)
	}
}
