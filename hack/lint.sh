#!/usr/bin/env bash
# Runs the linter over everything, or over the packages given.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

linter="$(hack/tools/build.sh lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint)"
exec "$linter" run "${@:-./...}"
