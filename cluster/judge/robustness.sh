#!/usr/bin/env bash
# Has etcd's robustness validation judge clusters of this project, under the faults of robustness/faults_test.go.
#
#   cluster/judge/robustness.sh [--impl PEER] [TESTS]
#
# TESTS is a pattern as for go test, such as TestRobustness/KillLeader. The module proxy has etcd's part.
set -euo pipefail
impl=reference
if [ "${1:-}" = --impl ]; then impl=$2; shift 2; fi
here=$(cd "$(dirname "$0")" && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd "$here/../.." && go run ./cmd/raftlab cluster --impl "$impl" etcd-program "$bin/etcd")
cd "$here/robustness"
go build -o "$bin/etcdctl" go.etcd.io/etcd/etcdctl/v3
go test -count=1 -timeout 40m -v -run "${1:-TestRobustness}" . -bin-dir "$bin"
