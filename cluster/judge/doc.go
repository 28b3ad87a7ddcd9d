// Package judge has tests in which others judge a cluster with etcd's API: etcdctl, etcdutl, a real
// etcd, and etcd's own tests.
//
//   - etcdctl_test.go: a script of etcdctl commands, whose output is compared with that of a real
//     cluster
//   - snapshot_test.go: a snapshot of ours, restored into a real etcd
//   - e2e.sh: etcd's own end-to-end tests
//
// docs/etcd-api.md tells where the programs come from, and lists what is left out. Without the
// programs the tests are skipped.
package judge
