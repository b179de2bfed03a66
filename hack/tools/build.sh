#!/usr/bin/env bash
# Builds one of the pinned tools, once per version, and prints the path of the binary: hack/tools/build.sh MODULE PACKAGE
#   MODULE   directory under hack/tools whose go.mod pins it
#   PACKAGE  import path of its main package
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
module="$here/$1" package="$2"
# Another go.mod, or another Go, is another binary.
key="$( (cat "$module/go.mod" "$module/go.sum"; go env GOVERSION GOOS GOARCH) | sha256sum | cut -c1-16)"
binary="${FAIRLEAD_CACHE:-$HOME/.cache/fairlead}/tools/$key/$(basename "$package")"

if [ ! -x "$binary" ]; then
  echo "building $(basename "$package") (once per version)" >&2
  mkdir -p "$(dirname "$binary")"
  # A build that is interrupted must not look like a finished one.
  (cd "$module" && CGO_ENABLED=0 go build -o "$binary.$$" "$package")
  mv "$binary.$$" "$binary"
fi
echo "$binary"
