#!/bin/sh
# Prepares the grader once, when its image is made: the pinned Go, the program, and what all submissions have in
# common, compiled ahead. Only a missing Go is fetched from the network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/env.sh"
if [ "$(go env GOVERSION 2>/dev/null || true)" != "{{.Go}}" ]; then
    case "$(uname -m)" in aarch64 | arm64) arch=arm64 ;; *) arch=amd64 ;; esac
    curl -fsSL "https://go.dev/dl/{{.Go}}.linux-$arch.tar.gz" | tar -C /usr/local -xz
fi
cd "$here/raftlab"
go build -trimpath -buildvcs=false -o "$here/bin/raftlab" ./cmd/raftlab
"$here/bin/raftlab" test {{.First}} --engine wasm --seeds 1 -j 1{{if .Numbering}} --numbering {{.Numbering}}{{end}}{{if .Cases}} --cases "$here/cases"{{end}}
