// Package shardctrler is the shard controller: a small replicated service that says which group of
// servers each shard of the keys belongs to, and remembers what it has said before.
package shardctrler
