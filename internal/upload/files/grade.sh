#!/bin/sh
# Grades one submission: grade.sh SUBMISSION FORMAT RESULT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/env.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
rm -f "$3"
code=0
"$here/bin/raftlab" --framework "$here/raftlab" grade --one "$1" {{.Selection}} --seeds {{.Seeds}}{{if .Memory}} --memory {{.Memory}}{{end}}{{if .Numbering}} --numbering {{.Numbering}}{{end}}{{if .Cases}} --cases "$here/cases"{{end}}{{if .Modules}} --modules "$here/modules/vendor"{{end}}{{if .Policy}} --policy "$here/policy.yaml"{{end}}{{if .Salt}} --salt "$here/salt"{{end}} \
    --limit {{.Limit}} --format "$2" --result "$3" --out "$out" || code=$?
# 3 says that a case has no verdict: a result that is there stands, with what is decided.
if [ "$code" -eq 0 ] || { [ "$code" -eq 3 ] && [ -s "$3" ]; }; then exit 0; fi
exit "$code"
