// Package robustness has etcd's own robustness validation judge clusters of this project: its
// clients, its traffic and its models of linearizability and of watches, under a fixed list of
// faults. They come from the module go.etcd.io/etcd/tests/v3, which is why this is a module of its
// own. cluster/judge/robustness.sh runs it.
package robustness
