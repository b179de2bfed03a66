#!/usr/bin/env bash
# Fails when something that a tool writes is not what the tool would write now.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "=== formatting"
unformatted="$(git ls-files -z '*.go' | xargs -0 gofmt -l)"
if [ -n "$unformatted" ]; then
  printf 'not formatted (gofmt -w):\n%s\n' "$unformatted" >&2
  exit 1
fi

echo "=== go.mod and go.sum, of this module and of those inside it"
git ls-files '*go.mod' | while read -r file; do
  (cd "$(dirname "$file")" && go mod tidy -diff) || { echo "not tidy (go mod tidy): $file" >&2; exit 1; }
done

echo "=== generated code"
hack/verify-codegen.sh

echo "=== docs/cli.md"
hack/update-reference.sh --verify
