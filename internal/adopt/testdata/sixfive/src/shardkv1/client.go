// Package shardkv is a small client of a sharded service in the form of 2025.
package shardkv

import (
	"time"

	"6.5840/kvsrv1/rpc"
	"6.5840/kvtest1"
	"6.5840/shardkv1/shardcfg"
	"6.5840/shardkv1/shardctrler"
	"6.5840/shardkv1/shardgrp"
	"6.5840/tester1"
)

type Clerk struct {
	clnt *tester.Clnt
	sck  *shardctrler.ShardCtrler
	cfg  *shardcfg.ShardConfig
}

func MakeClerk(clnt *tester.Clnt, sck *shardctrler.ShardCtrler) kvtest.IKVClerk {
	return &Clerk{clnt: clnt, sck: sck}
}

// group is a clerk of the group that has a key.
func (ck *Clerk) group(key string) *shardgrp.Clerk {
	if ck.cfg == nil {
		ck.cfg = ck.sck.Query()
	}
	return shardgrp.MakeClerk(ck.clnt, ck.cfg.Groups[ck.cfg.Shards[shardcfg.Key2Shard(key)]])
}

// moved is called when it has not.
func (ck *Clerk) moved() {
	ck.cfg = nil
	time.Sleep(20 * time.Millisecond)
}

func (ck *Clerk) Get(key string) (string, rpc.Tversion, rpc.Err) {
	for {
		if value, version, err := ck.group(key).Get(key); err != rpc.ErrWrongGroup {
			return value, version, err
		}
		ck.moved()
	}
}

func (ck *Clerk) Put(key, value string, version rpc.Tversion) rpc.Err {
	for perhaps := false; ; ck.moved() {
		err, maybe := ck.group(key).Put(key, value, version)
		perhaps = perhaps || maybe
		if err == rpc.ErrVersion && perhaps {
			return rpc.ErrMaybe
		}
		if err != rpc.ErrWrongGroup {
			return err
		}
	}
}
