package adopt

import (
	"path"
	"strings"
)

// This file is about the sharded service of 2025 and 2026. There the configuration is a value that the server of lab 1 keeps, and whoever
// changes it moves the shards: freezes each at its group, installs it at the next one and deletes it at the first. Lab 4 has a
// controller that is a service of its own, and groups that fetch what is theirs; so it cannot test one by the other.

// sharded25 are the packages of that service below its folder, and what the course asks of them.
var sharded25 = []struct {
	dir   string
	names []string
}{
	{".", []string{"MakeClerk", "Get", "Put"}},
	{"shardctrler", []string{"MakeShardCtrler", "InitController", "InitConfig", "ChangeConfigTo", "Query"}},
	{"shardgrp", []string{"MakeClerk", "FreezeShard", "InstallShard", "DeleteShard"}},
	{"shardcfg", []string{"Rebalance", "CheckConfig"}},
}

// controllerless tells what there is of a sharded service in the form of 2025, and that it is not graded.
func (c *conversion) controllerless(d *directory) {
	var there, absent []string
	for _, p := range sharded25 {
		at := c.tree.dirs[path.Join(d.name, p.dir)]
		name := path.Base(path.Join(d.name, p.dir))
		if at == nil || at.clause() == "" {
			absent = append(absent, "package "+name)
			continue
		}
		there = append(there, name)
		for _, n := range p.names {
			if !at.exports(n) {
				absent = append(absent, n+" of "+name)
			}
		}
	}
	c.notes.add(Missing, d.name, 0, "the sharded service of 2025 (%s) is not graded: its shards are moved by whoever changes the configuration, with FreezeShard, InstallShard "+
		"and DeleteShard, and lab 4 tests a controller that is a service of its own and groups that fetch their shards", strings.Join(there, ", "))
	if len(absent) > 0 {
		c.notes.add(Named, d.name, 0, "of what the course asks for there is no %s", listed(absent))
	}
}
