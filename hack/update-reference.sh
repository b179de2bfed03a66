#!/usr/bin/env bash
# Writes docs/cli.md from what the plugin's commands say about themselves. `--verify` writes nothing and fails when something
# would change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS="${GOFLAGS:--trimpath -buildvcs=false}" CGO_ENABLED=0

text="$(go run ./hack/clidoc)"
if [ "${1:-}" != --verify ]; then
  printf '%s\n' "$text" >docs/cli.md
elif ! diff -u docs/cli.md <(printf '%s\n' "$text"); then
  echo "docs/cli.md is out of date: run hack/update-reference.sh and commit what it writes." >&2
  exit 1
fi
