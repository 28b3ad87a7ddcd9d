package adopt

import (
	"path"
	"strings"
)

// This file is about services in the form of 2025 and 2026, and about the server on one machine of 2024.

// versioned adds the adapter of a service whose clients are told versions: kvraft1 and kvsrv1.
func (c *conversion) versioned(place string, d *directory) bool {
	f, start := d.function("StartKVServer")
	_, clerk := d.function("MakeClerk")
	if start == nil || clerk == nil {
		c.notes.add(Missing, d.name, 0, "it has no function %s: %s is not graded", missing(start == nil, "StartKVServer", "MakeClerk"), labsOf(place))
		return false
	}
	takes := map[string]int{"kvraft": 5, "kvsrv": 4}[place]
	if n := len(f.flat(start.Type.Params)); n != takes {
		c.notes.add(Missing, d.name, 0, "StartKVServer takes %d parameters, the course's takes %d: %s is not graded", n, takes, labsOf(place))
		return false
	}
	a := c.adapter(d)
	code := strings.ReplaceAll(shimText(place+"1"), "MAKECLERK", clerk.Name.Name)
	if place == "kvsrv" {
		with := ""
		if l := c.tree.dirs[path.Join(d.name, "lock")]; l != nil && l.clause() == "lock" {
			with = shimText("lock")
			a.add(shimText("user"), `"raftlab/kvsrv/lock"`)
		} else {
			c.lackLocks()
		}
		code = strings.ReplaceAll(code, "LOCK", with)
	} else {
		a.add("", `"raftlab/raftapi"`)
	}
	a.add(code, `"raftlab/kvapi"`, `"raftlab/labrpc"`, `tester "`+c.shim(d, "tester")+`"`, `kvtest "`+c.shim(d, "kvtest")+`"`, `rpc "`+c.rpc(d)+`"`)
	c.notes.add(Converted, d.name, 0, "is tested through %s, which calls StartKVServer and MakeClerk", adapterFile)
	return true
}

// single adds the adapter of the server on one machine of 2024.
func (c *conversion) single(d *directory) bool {
	_, start := d.function("StartKVServer")
	f, clerk := d.function("MakeClerk")
	if start == nil || clerk == nil || len(f.flat(clerk.Type.Results)) == 0 {
		c.notes.add(Missing, d.name, 0, "it has no function %s: lab 1 is not graded", missing(start == nil, "StartKVServer", "MakeClerk"))
		return false
	}
	c.lackLocks()
	client := strings.TrimPrefix(f.flat(clerk.Type.Results)[0].text, "*")
	c.adapter(d).add(strings.NewReplacer("MAKECLERK", clerk.Name.Name, "CLERK", client).Replace(shimText("kvsrv")), `"raftlab/kvapi"`, `"raftlab/labrpc"`)
	c.notes.add(Converted, d.name, 0, "is tested through %s, which calls StartKVServer and MakeClerk", adapterFile)
	return true
}

// lackLocks notes that the server of lab 1 comes without locks.
func (c *conversion) lackLocks() {
	const why = "no lock here: parts 1B and 1D are not graded"
	c.lack([]string{"1B", "1D"}, why)
	c.notes.add(Missing, "", 0, why)
}

// rpc is the package with the messages of a versioned service: the student's copy, or one that stands for it.
func (c *conversion) rpc(d *directory) string {
	for _, dir := range sortedKeys(c.dest) {
		if strings.HasSuffix("/"+dir, "/kvsrv1/rpc") {
			return module + c.dest[dir]
		}
	}
	return c.shim(d, "rpc")
}

// forget takes a part, and what only it needs, out of the tree: it has no adapter, so that nothing can be tested.
func (c *conversion) forget(place string) {
	for dir, to := range c.dest {
		if to == place || strings.HasPrefix(to, place+"/") && !strings.HasSuffix(dir, "/rpc") {
			delete(c.dest, dir)
		}
	}
}
