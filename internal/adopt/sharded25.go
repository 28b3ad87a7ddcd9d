package adopt

import (
	"go/ast"
	"path"
	"strings"
)

// This file is about the sharded service of 2025 and 2026. There the configuration is a value that
// the server of lab 1 keeps, and whoever changes it moves the shards: freezes each at its group,
// installs it at the next one and deletes it at the first. It is tested by lab shardgrp.

// sharded25 are the packages of that service below its folder, and what the course asks of them.
var sharded25 = []struct {
	dir   string
	names []string
}{
	{".", []string{"MakeClerk", "Get", "Put"}},
	{"shardctrler", []string{"MakeShardCtrler", "InitController", "InitConfig", "ChangeConfigTo", "Query"}},
	{"shardgrp", []string{"MakeClerk", "FreezeShard", "InstallShard", "DeleteShard"}},
	{"shardcfg", []string{"Key2Shard", "ShardConfig"}},
}

// moved adds the adapter of such a service, and converts its controller. It says what is missing if
// that cannot be done.
func (c *conversion) moved(d *directory) bool {
	below := func(dir string) *directory { return c.tree.dirs[path.Join(d.name, dir)] }
	absent := c.absent25(below)
	if c.layout.found["kvsrv"] == nil || c.dest[c.layout.found["kvsrv"].name] == "" {
		absent = append(absent, "package kvsrv1, whose server keeps the configuration")
	}
	if len(absent) > 0 {
		c.notes.add(Missing, d.name, 0, "there is no %s: the sharded service of 2025 is not graded", listed(absent))
		return false
	}
	ctrler, groups := below("shardctrler"), below("shardgrp")
	f, start := groups.starter("StartServerShardGrp", "NewServer")
	if start == nil {
		c.notes.add(Missing, groups.name, 0, "it has no function StartServerShardGrp: the sharded service of 2025 is not graded")
		return false
	}
	if other := c.otherForm(d, "MakeClerk", 2) || c.otherForm(ctrler, "MakeShardCtrler", 1); other {
		return false
	}
	c.recall(ctrler)
	c.write(ctrler, "shardkv/shardctrler", "shardctrler")
	a := c.adapter(d)
	a.add(strings.ReplaceAll(shimText("shardkv1"), "STARTCALL", f.startCall(start, "ends me persister maxraftstate tester.Tgid(gid)")))
	a.add(shimText("server"), `"raftlab/raftapi"`)
	a.add(shimText("clerk"), `"raftlab/kvapi"`, `"raftlab/labrpc"`, `"raftlab/shardapi"`, `"raftlab/kvsrv"`, `tester "`+c.shim(d, "tester")+`"`,
		`kvtest "`+c.shim(d, "kvtest")+`"`, `rpc "`+c.rpc(d)+`"`)
	for _, s := range sharded25[1:] {
		a.add("", s.dir+` "`+module+c.dest[below(s.dir).name]+`"`)
	}
	c.notes.add(Converted, d.name, 0, "is tested through %s, which calls MakeClerk, MakeShardCtrler and %s", adapterFile, start.Name.Name)
	return true
}

// absent25 is what the course asks for and is not there.
func (c *conversion) absent25(below func(dir string) *directory) (absent []string) {
	for _, p := range sharded25 {
		at := below(p.dir)
		if at == nil || at.clause() == "" {
			absent = append(absent, "package "+p.dir)
			continue
		}
		for _, n := range p.names {
			if _, _, spec := at.typeSpec(n); spec == nil && !at.exports(n) {
				absent = append(absent, n+" of "+at.clause())
			}
		}
	}
	return absent
}

// otherForm reports whether a function takes more or less than the course's does, and says so.
func (c *conversion) otherForm(d *directory, name string, takes int) bool {
	f, fn := d.function(name)
	if fn == nil {
		c.notes.add(Missing, d.name, 0, "it has no function %s: the sharded service of 2025 is not graded", name)
		return true
	}
	if params(f, fn) == takes {
		return false
	}
	c.notes.add(Missing, f.name, f.line(fn.Pos()), "%s takes %d things, and the course's takes %d: the sharded service of 2025 is not graded", name, params(f, fn), takes)
	return true
}

// params is how many arguments a function wants at least.
func params(f *file, fn *ast.FuncDecl) (n int) {
	for _, p := range f.flat(fn.Type.Params) {
		if !p.variadic {
			n++
		}
	}
	return n
}
