#!/usr/bin/env bash
# Runs the public example manifests on a cluster and compares with what the reference made of them (test/conformance): on a
# local cluster of its own, or on that of KUBECONFIG. Arguments go to the program, e.g. --only 'dag-.*'.
# Table, junit.xml and the trees that differ: _output/conformance.
#   FAIRLEAD_EXAMPLES        where the examples are (default: ../shared/examples)
#   FAIRLEAD_KEEP_CLUSTER=1  leave the local cluster up
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cluster=conformance
output="$PWD/_output/conformance"
examples="${FAIRLEAD_EXAMPLES:-../shared/examples}"
if [ ! -f "$examples/EXPECTED.tsv" ]; then
  echo "conformance: no examples at $examples; set FAIRLEAD_EXAMPLES to a directory that has them" >&2
  exit 2
fi
rm -rf "$output" && mkdir -p "$output"

take_down() {
  trap - EXIT
  [ -n "${FAIRLEAD_KEEP_CLUSTER:-}" ] || hack/cluster/down.sh --name "$cluster"
}

if [ -n "${KUBECONFIG:-}" ]; then
  printf '\n=== cluster: the one of KUBECONFIG=%s\n' "$KUBECONFIG"
  hack/cluster/install.sh
else
  printf '\n=== cluster: starting a local one (%s)\n' "$cluster"
  trap take_down EXIT
  hack/cluster/up.sh --name "$cluster"
  eval "$(hack/cluster/env.sh --name "$cluster")"
  hack/cluster/install.sh --name "$cluster"
fi

printf '\n=== examples of %s\n' "$examples"
go build -o "$output/conformance" ./test/conformance
"$output/conformance" --examples "$examples" --output "$output" "$@"
