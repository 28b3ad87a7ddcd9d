package adopt

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// service converts one of the services, and connects it with raftlab.
func (c *conversion) service(place string, d *directory) {
	c.recall(d)
	adapted := false
	switch {
	case place == "kvsrv" && c.Year < "2025":
		adapted = c.single(d)
	case place == "kvsrv", place == "kvraft" && c.Year >= "2025":
		adapted = c.versioned(place, d)
	case c.Year >= "2025" && place == "shardkv":
		adapted = c.moved(d)
	case c.Year >= "2025": // a part of that, which is converted with it
		if c.layout.found["shardkv"] == nil {
			c.forget(place)
		}
		return
	case place == "kvraft":
		adapted = c.classic(place, d, "StartKVServer", "Get", "Put", "Append")
	case place == "shardkv":
		adapted = c.classic(place, d, "StartServer", "Get", "Put", "Append")
	default:
		adapted = c.classic(place, d, "StartServer", "Query", "Join", "Leave", "Move")
	}
	if !adapted {
		c.forget(place)
		c.lack(gradedBy[place], fmt.Sprintf("%s cannot be entered (raftlab adopt says why): %s is not graded", d.name, labsOf(place)))
		return
	}
	c.write(d, place, lastPart(place))
}

func labsOf(place string) string {
	i := slices.IndexFunc(parts, func(p part) bool { return p.place == place })
	return parts[i].labs
}

// classic adds the adapter of a service in the form of 2020 to 2024. In it SERVER is the type of a
// server, RAFT its field for the peer.
func (c *conversion) classic(place string, d *directory, start string, methods ...string) bool {
	f, fn := d.function(start)
	g, clerk := c.clerkMaker(d, place)
	if fn == nil || clerk == nil {
		c.notes.add(Missing, d.name, 0, "it has no function %s: %s is not graded", missing(fn == nil, start, "MakeClerk"), labsOf(place))
		return false
	}
	server := "KVServer"
	if r := f.flat(fn.Type.Results); len(r) > 0 {
		server = strings.TrimPrefix(r[0].text, "*")
	}
	field, of := c.raftField(d, server)
	if field == "" {
		c.notes.add(Named, d.name, 0, "%s has no field for its Raft peer: %s cannot be told which peer it runs on", server, labsOf(place))
		return false
	}
	client := strings.TrimPrefix(g.flat(clerk.Type.Results)[0].text, "*")
	for _, m := range methods {
		if f, fn := d.method(d.bare(client), m); fn == nil {
			c.notes.add(Named, d.name, 0, "its %s has no method %s, which the course asks for", client, m)
		} else if m == "Get" && len(f.flat(fn.Type.Params)) != 1 {
			c.notes.add(Named, f.name, f.line(fn.Pos()), "Get of its %s has another form than the course's, Get(key string) string", client)
		}
	}
	text := shimText(lastPart(place))
	if wrapper := c.clerkThatReturns(d, client, g.flat(clerk.Type.Results)[0].text); wrapper != "" && place != "shardctrler" {
		text = madeClerk.ReplaceAllString(text, "raftlabClerk{$0}") + wrapper
	}
	code := strings.NewReplacer("SERVER", server, "RAFT", field, "MAKECLERK", clerk.Name.Name, "CLERK", client, "NUMBER", d.numberField()).Replace(text)
	c.adapter(d).add(code, `"raftlab/kvapi"`, `"raftlab/labrpc"`, `"raftlab/raftapi"`)
	if place != "kvraft" {
		c.adapter(d).add("", `"raftlab/shardapi"`)
	}
	if place == "shardkv" {
		c.adapter(d).add("", `"raftlab/shardkv/shardctrler"`)
	}
	c.notes.add(Converted, d.name, 0, "is tested through %s, which calls %s and %s and knows the peer by the field %s (%s)",
		adapterFile, start, clerk.Name.Name, field, of)
	return true
}

// madeClerk is where an adapter makes a client.
var madeClerk = regexp.MustCompile(`MAKECLERK\([^)]*\)`)

// clerkThatReturns is a client in the course's form for one whose methods return something else, or
// "" if they do not. The course's Get returns a string, its Put and Append nothing.
func (c *conversion) clerkThatReturns(d *directory, client, made string) string {
	code, other := fmt.Sprintf("\n// raftlabClerk returns what the course's clerk does.\ntype raftlabClerk struct{ clerk %s }\n\n", made), false
	for _, m := range []struct {
		name, takes, passed string
		results             int
	}{{"Get", "key string", "key", 1}, {"Put", "key, value string", "key, value", 0}, {"Append", "key, value string", "key, value", 0}} {
		f, fn := d.method(d.bare(client), m.name)
		if fn == nil {
			return ""
		}
		call := fmt.Sprintf("c.clerk.%s(%s)", m.name, m.passed)
		results := f.flat(fn.Type.Results)
		if len(results) != m.results {
			other = true
			c.notes.add(Converted, f.name, f.line(fn.Pos()), "%s of %s returns %d results, and the course's %d: nobody looks at the others", m.name, client, len(results), m.results)
		}
		switch {
		case m.results == 0:
			code += fmt.Sprintf("func (c raftlabClerk) %s(%s) { %s }\n", m.name, m.takes, call)
		case len(results) == 0:
			return ""
		default:
			code += fmt.Sprintf("func (c raftlabClerk) %s(%s) string {\n\tvalue%s := %s\n\treturn value\n}\n", m.name, m.takes, strings.Repeat(", _", len(results)-1), call)
		}
	}
	if !other {
		return ""
	}
	return code
}

// numberField is the field of a controller's Config that has its number: Num, or the only int in
// one that was renamed.
func (d *directory) numberField() string {
	f, _, spec := d.typeSpec("Config")
	if spec == nil {
		return "Num"
	}
	var numbers []string
	if st, ok := spec.Type.(*ast.StructType); ok {
		for _, field := range st.Fields.List {
			for _, id := range field.Names {
				if id.Name == "Num" {
					return "Num"
				}
				if f.source(field.Type) == "int" {
					numbers = append(numbers, id.Name)
				}
			}
		}
	}
	if len(numbers) == 1 {
		return numbers[0]
	}
	return "Num"
}

// clerkMaker is the function that makes a client: MakeClerk, or the one that takes the same.
func (c *conversion) clerkMaker(d *directory, place string) (*file, *ast.FuncDecl) {
	if f, fn := d.function("MakeClerk"); fn != nil {
		return f, fn
	}
	takes := 1
	if place == "shardkv" {
		takes = 2
	}
	for _, f := range c.keep(d) {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() {
				continue
			}
			if p := f.flat(fn.Type.Params); len(p) == takes && p[0].text == "[]*labrpc.ClientEnd" && len(f.flat(fn.Type.Results)) == 1 {
				return f, fn
			}
		}
	}
	return nil, nil
}

func missing(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// raftField is where a server has its Raft peer, and what its type is called there. The peer may be in
// a struct that is embedded, or in one of the server's own below it: rsm.rf.
func (c *conversion) raftField(d *directory, server string) (name, text string) {
	return d.peerIn(d.bare(server), 3)
}

// peerIn looks for the peer in a struct, and in those within it, so many levels deep.
func (d *directory) peerIn(structure string, levels int) (name, text string) {
	f, _, spec := d.typeSpec(structure)
	if spec == nil || levels == 0 {
		return "", ""
	}
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return "", ""
	}
	for _, field := range st.Fields.List {
		text = f.source(field.Type)
		if base := strings.TrimPrefix(text, "*"); (base == "raft.Raft" || base == "raftapi.Raft") && len(field.Names) > 0 {
			return field.Names[0].Name, text
		}
	}
	for _, field := range st.Fields.List {
		within, text := d.peerIn(d.bare(f.source(field.Type)), levels-1)
		switch {
		case within == "":
		case len(field.Names) == 0:
			return within, text
		default:
			return field.Names[0].Name + "." + within, text
		}
	}
	return "", ""
}
