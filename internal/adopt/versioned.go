package adopt

import (
	"go/ast"
	"path"
	"strings"
)

// This file is about services in the form of 2025 and 2026, and about the server on one machine of 2024.

// versioned adds the adapter of a service whose clients are told versions: kvraft1 and kvsrv1.
func (c *conversion) versioned(place string, d *directory) bool {
	f, start := d.starter("StartKVServer", "NewServer")
	_, clerk := d.function("MakeClerk")
	if start == nil || clerk == nil {
		c.notes.add(Missing, d.name, 0, "it has no function %s: %s is not graded", missing(start == nil, "StartKVServer", "MakeClerk"), labsOf(place))
		return false
	}
	a := c.adapter(d)
	given := map[string]string{"kvraft": "servers me persister maxraftstate tester.GRP0", "kvsrv": "nil 0 nil -1 tester.GRP0"}[place]
	code := strings.NewReplacer("MAKECLERK", clerk.Name.Name, "STARTCALL", f.startCall(start, given)).Replace(shimText(place + "1"))
	if place == "kvraft" {
		code = strings.ReplaceAll(code, "REPLICATE", c.replicate(d, a))
	}
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
		a.add(shimText("server"), `"raftlab/raftapi"`)
	}
	a.add(shimText("clerk"))
	a.add(code, `"raftlab/kvapi"`, `"raftlab/labrpc"`, `tester "`+c.shim(d, "tester")+`"`, `kvtest "`+c.shim(d, "kvtest")+`"`, `rpc "`+c.rpc(d)+`"`)
	c.notes.add(Converted, d.name, 0, "is tested through %s, which calls %s and MakeClerk", adapterFile, start.Name.Name)
	return true
}

// starter is the first of these functions that there is.
func (d *directory) starter(names ...string) (*file, *ast.FuncDecl) {
	for _, name := range names {
		if f, fn := d.function(name); fn != nil {
			return f, fn
		}
	}
	return nil, nil
}

// startCall is a call that starts a server, in the form of 2025 or 2026: each parameter gets by its
// type what it wants. given are, in this order, the ends, the own number, the persister,
// maxraftstate and the number of the group.
func (f *file) startCall(fn *ast.FuncDecl, given string) string {
	values := strings.Fields(given)
	var args []string
	numbers := values[1:2:2]
	for _, p := range f.flat(fn.Type.Params) {
		switch base := lastPart(strings.ReplaceAll(p.text, ".", "/")); {
		case p.variadic:
			continue
		case strings.HasPrefix(p.text, "func("):
			args = append(args, "*new("+p.text+")")
		case base == "ClientEnd":
			args = append(args, values[0])
		case base == "Persister":
			args = append(args, values[2])
		case base == "Tgid":
			args = append(args, values[4])
		case base == "TesterClnt" || base == "Clnt":
			args = append(args, "&tester.Clnt{}")
		case p.text == "int" && len(numbers) > 0:
			args, numbers = append(args, numbers[0]), nil
		case p.text == "int":
			args = append(args, values[3])
		default:
			args = append(args, "*new("+p.text+")")
		}
	}
	return fn.Name.Name + "(" + strings.Join(args, ", ") + ")"
}

// replicate connects package rsm, which the service is built on, so that it can be tested by
// itself. It returns fields of a kvapi.Service.
func (c *conversion) replicate(d *directory, a *adapter) string {
	const missing = "no rsm here: 3R is not graded"
	r := c.tree.dirs[path.Join(d.name, "rsm")]
	if r == nil || c.dest[r.name] == "" {
		c.lack([]string{"3R"}, missing)
		c.notes.add(Missing, "", 0, missing)
		return ""
	}
	f, fn := r.function("MakeRSM")
	if fn == nil || len(f.flat(fn.Type.Params)) != 5 || len(f.flat(fn.Type.Results)) != 1 {
		c.lack([]string{"3R"}, missing)
		c.notes.add(Missing, r.name, 0, "it has no function MakeRSM in the form of the course: 3R is not graded")
		return ""
	}
	register := ""
	if _, _, op := r.typeSpec("Op"); op != nil {
		register = "labgob.Register(rsm.Op{})"
		a.add("", `"raftlab/labgob"`)
	}
	a.add(strings.ReplaceAll(shimText("rsm"), "REGISTER", register), `rsm "`+module+c.dest[r.name]+`"`)
	fields := "\t\tReplicate: raftlabReplicate,\n"
	if c.Year >= "2026" {
		fields += "\t\tUnkilled: true,\n"
	}
	return fields
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

// rpc is the package with the messages of a versioned service: the student's copy, or one that
// stands for it.
func (c *conversion) rpc(d *directory) string {
	for _, dir := range sortedKeys(c.dest) {
		if strings.HasSuffix("/"+dir, "/kvsrv1/rpc") {
			return module + c.dest[dir]
		}
	}
	return c.shim(d, "rpc")
}

// forget takes a part, and what only it needs, out of the tree: it has no adapter, so that nothing
// can be tested.
func (c *conversion) forget(place string) {
	for dir, to := range c.dest {
		if to == place || strings.HasPrefix(to, place+"/") && !strings.HasSuffix(dir, "/rpc") {
			delete(c.dest, dir)
		}
	}
}
