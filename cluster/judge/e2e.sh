#!/usr/bin/env bash
# Runs etcd's own end-to-end tests (tests/v3, package common, and some of package e2e; plaintext) on members of this
# project. Nothing of them is in this repository: the module proxy has them.
#
#   cluster/judge/e2e.sh [--impl PEER] [--keep DIR] [TESTS]
#
# TESTS is a pattern as for go test; the default is what docs/etcd-api.md says, which also tells what is left out, and why.
# --keep: what is downloaded and built stays in DIR, and a second run begins at once.
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
common='^(TestKV.*|TestTxn.*|TestCompact|TestLease.*|TestAlarm.*|TestVerifyHashKV.*|TestEndpoint.*|TestStatus|TestWaitLeader|TestWatch.*|TestDefragOnline|TestMemberList)$/^(NoTLS.*|Keys=.*|[a-z].*)$'
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "$dir" ]; then
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
fi
mkdir -p "$dir/bin"
cd "$dir"
if [ ! -x common.test ]; then
  cat > go.mod <<EOF
module judged
go 1.26
EOF
  cat > tools.go <<EOF
//go:build tools

package judged

import (
	_ "go.etcd.io/etcd/etcdctl/v3"
	_ "go.etcd.io/etcd/etcdutl/v3"
)
EOF
  cat > uses_test.go <<EOF
package judged

import _ "go.etcd.io/etcd/tests/v3/framework"
EOF
  go get "go.etcd.io/etcd/tests/v3/common@$version" "go.etcd.io/etcd/etcdctl/v3@$version" "go.etcd.io/etcd/etcdutl/v3@$version"
  go mod tidy
  go build -o bin/etcdctl go.etcd.io/etcd/etcdctl/v3
  go build -o bin/etcdutl go.etcd.io/etcd/etcdutl/v3
  go test -vet=off -c -tags e2e -o common.test go.etcd.io/etcd/tests/v3/common
fi
(cd "$root" && go run ./cmd/raftlab cluster --impl "$impl" etcd-program "$dir/bin/etcd")
E2E_TEST_MINIMAL=true ./common.test -bin-dir "$dir/bin" -test.v -test.timeout 20m -test.run "${1:-$common}" > log.txt 2>&1 || true
grep -E '^ *--- (PASS|FAIL|SKIP)' log.txt || true
tail -n 1 log.txt
grep -qE '^ *--- FAIL|^FAIL|^panic' log.txt && { echo "the log is $dir/log.txt (with --keep)"; exit 1; }
exit 0
