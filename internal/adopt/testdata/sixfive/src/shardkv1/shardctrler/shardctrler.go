// Package shardctrler is a small controller in the form of 2025.
package shardctrler

import (
	"6.5840/kvsrv1"
	"6.5840/kvsrv1/rpc"
	"6.5840/kvtest1"
	"6.5840/shardkv1/shardcfg"
	"6.5840/shardkv1/shardgrp"
	"6.5840/tester1"
)

// The present configuration, and the one that somebody has begun to make; they are the same if nobody has.
const now, next = "now", "next"

type ShardCtrler struct {
	clnt *tester.Clnt
	kvtest.IKVClerk
}

func MakeShardCtrler(clnt *tester.Clnt) *ShardCtrler {
	return &ShardCtrler{clnt, kvsrv.MakeClerk(clnt, tester.ServerName(tester.GRP0, 0))}
}

func (sck *ShardCtrler) InitController() {
	begun, _ := sck.read(next)
	if is := sck.Query(); begun.Num == is.Num+1 {
		sck.carry(is, begun)
	}
}

func (sck *ShardCtrler) InitConfig(cfg *shardcfg.ShardConfig) {
	sck.Put(now, cfg.String(), 0)
	sck.Put(next, cfg.String(), 0)
}

func (sck *ShardCtrler) ChangeConfigTo(cfg *shardcfg.ShardConfig) {
	is := sck.Query()
	begun, version := sck.read(next)
	if cfg.Num != is.Num+1 || begun.Num >= cfg.Num {
		return
	}
	if sck.Put(next, cfg.String(), version) != rpc.OK {
		if begun, _ = sck.read(next); begun.String() != cfg.String() {
			return
		}
	}
	sck.carry(is, cfg)
}

func (sck *ShardCtrler) Query() *shardcfg.ShardConfig {
	cfg, _ := sck.read(now)
	return cfg
}

func (sck *ShardCtrler) read(key string) (*shardcfg.ShardConfig, rpc.Tversion) {
	text, version, _ := sck.Get(key)
	return shardcfg.FromString(text), version
}

// carry moves the shards. Everything in it may have been done before.
func (sck *ShardCtrler) carry(old, cfg *shardcfg.ShardConfig) {
	for i, gid := range cfg.Shards {
		from, s := old.Shards[i], shardcfg.Tshid(i)
		if from == gid {
			continue
		}
		source, target := shardgrp.MakeClerk(sck.clnt, old.Groups[from]), shardgrp.MakeClerk(sck.clnt, cfg.Groups[gid])
		state, err := source.FreezeShard(s, cfg.Num)
		if err != rpc.OK || target.InstallShard(s, state, cfg.Num) != rpc.OK || source.DeleteShard(s, cfg.Num) != rpc.OK {
			return // somebody is further
		}
	}
	if is, version := sck.read(now); is.Num < cfg.Num {
		sck.Put(now, cfg.String(), version)
	}
}
