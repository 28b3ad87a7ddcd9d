#!/usr/bin/env bash
# Runs etcd's own end-to-end tests (module tests/v3, packages common and e2e; those without TLS) on members of this project. Nothing
# of them is in this repository: the module proxy has them.
#
#   cluster/judge/e2e.sh [--impl PEER] [--keep DIR] [PACKAGE TESTS]
#
# PACKAGE is common or e2e, TESTS a pattern as for go test; the default is what docs/etcd-api.md says, which also tells what is
# left out, and why. --keep: what is downloaded and built stays in DIR, and a second run begins at once.
set -euo pipefail
version=v3.7.3
impl=reference dir=
while [ $# -gt 0 ]; do
  case "$1" in
  --impl) impl=$2; shift 2 ;;
  --keep) dir=$2; shift 2 ;;
  *) break ;;
  esac
done
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "$dir" ]; then
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
fi
mkdir -p "$dir/bin"
cd "$dir"
if [ ! -x e2e.test ]; then
  printf 'module judged\ngo 1.26\n' > go.mod
  printf '//go:build tools\n\npackage judged\n\nimport (\n_ "go.etcd.io/etcd/etcdctl/v3"\n_ "go.etcd.io/etcd/etcdutl/v3"\n)\n' > tools.go
  printf 'package judged\n\nimport _ "go.etcd.io/etcd/tests/v3/framework"\n' > uses_test.go
  go get -t "go.etcd.io/etcd/tests/v3/common@$version" "go.etcd.io/etcd/tests/v3/e2e@$version" "go.etcd.io/etcd/etcdctl/v3@$version" "go.etcd.io/etcd/etcdutl/v3@$version"
  go build -o bin/ go.etcd.io/etcd/etcdctl/v3 go.etcd.io/etcd/etcdutl/v3
  for package in common e2e; do
    go test -vet=off -c -tags e2e -o $package.test go.etcd.io/etcd/tests/v3/$package
  done
fi
(cd "$root" && go run ./cmd/raftlab cluster --impl "$impl" etcd-program "$dir/bin/etcd")

failed=0 runs=0
run() { # PACKAGE TESTS; each run has a log of its own
  runs=$((runs + 1))
  local log=$1-$runs.log
  E2E_TEST_MINIMAL=true "./$1.test" -bin-dir "$dir/bin" -test.v -test.timeout 20m -test.run "$2" > "$log" 2>&1 || failed=1
  grep -E '^ *--- (PASS|FAIL)|^panic' "$log" || { echo "no test of $1 is called $2"; failed=1; }
}
if [ $# -gt 0 ]; then
  run "$1" "$2"
else
  run common '^(TestKV(Put|Get|GetStream|Delete)|TestTxn.*|TestLease.*|TestStatus|TestWaitLeader|TestWatch|TestMemberList|TestVerifyHashKVAfterCompactAndDefrag)$/^NoTLS'
  run common '^(TestAlarm.*|TestCompact|TestDefragOnline|TestEndpoint.*|TestKVGetNoQuorum)$'
  run e2e '^(TestCtlV3LeaseKeepAliveNoTLS.*|TestCtlV3Watch(Interactive)?NoTLS|TestTxnRangeConsistency)$'
  run e2e '^TestCtlV3MoveLeaderScenarios$/^Insecure'
fi
[ $failed = 0 ] || echo "something has failed; with --keep DIR the logs, one for each pattern, stay in DIR"
exit $failed
