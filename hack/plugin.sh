#!/usr/bin/env bash
# Builds the kubectl plugin for this machine (GOOS and GOARCH choose another one) and says how to install it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS="${GOFLAGS:--trimpath -buildvcs=false}" CGO_ENABLED=0

out=_output/bin/kubectl-workflow
[ "$(go env GOOS)" != windows ] || out="$out.exe"
flags=(-s -w)
[ -z "${VERSION:-}" ] || flags+=(-X "fairlead.dev/fairlead/pkg/version.Version=$VERSION")
go build -ldflags "${flags[*]}" -o "$out" ./cmd/kubectl-workflow
printf '%s\n\nkubectl finds it in PATH:\n  install %s /usr/local/bin/\n  kubectl workflow list\n' "$out" "$out"
