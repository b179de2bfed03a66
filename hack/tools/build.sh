#!/usr/bin/env bash
# Builds one of the pinned tools, once per version, and prints the path of the binary: hack/tools/build.sh MODULE PACKAGE
#   MODULE   directory under hack/tools whose go.mod pins it
#   PACKAGE  import path of its main package
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
module="$here/$1" package="$2"
# Another go.mod, another program of ours around it, or another Go, is another binary.
key="$( (find "$module" -maxdepth 1 \( -name 'go.*' -o -name '*.go' \) | sort | xargs cat; go env GOVERSION GOOS GOARCH) | sha256sum | cut -c1-16)"
binary="${FAIRLEAD_CACHE:-$HOME/.cache/fairlead}/tools/$key/$(basename "$package")"

build() {
  echo "building $(basename "$package") (once per version)" >&2
  # A build that is interrupted must not look like a finished one.
  (cd "$module" && CGO_ENABLED=0 go build -ldflags "-s -w" -o "$binary.$$" "$package")
  mv "$binary.$$" "$binary"
}

if [ ! -x "$binary" ]; then
  mkdir -p "$(dirname "$binary")"
  # Tests of several packages may ask at once: one builds, the others wait.
  exec 9>"$(dirname "$binary")/.lock"
  flock 9
  [ -x "$binary" ] || build
  exec 9>&-
fi
echo "$binary"
