#!/usr/bin/env bash
# Benchmarks: Go benchmarks first, then test/bench on a local cluster of its own (or on that of KUBECONFIG, which has to
# be yours to load). Prints tables; _output/bench/results.json has all figures. Arguments go to test/bench.
#   FAIRLEAD_KEEP_CLUSTER=1  leave the local cluster up
#   BENCH_TIME               -benchtime of the Go benchmarks (default 1s)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cluster=bench
output="$PWD/_output/bench"
mkdir -p "$output"

printf '\n=== Go benchmarks\n'
# Only packages that have some: the others would be compiled for nothing.
mapfile -t packages < <(git ls-files -co --exclude-standard '*_test.go' | xargs grep -l '^func Benchmark' | xargs -r -n1 dirname | sort -u | sed 's|^|./|')
: >"$output/go.txt"
[ "${#packages[@]}" -eq 0 ] || go test -run '^$' -bench . -benchmem -benchtime "${BENCH_TIME:-1s}" "${packages[@]}" 2>&1 | tee "$output/go.txt" | sed -n '/^\(Benchmark\|pkg:\|FAIL\|---\|panic\|ok\)/p'

take_down() {
  trap - EXIT
  [ -n "${FAIRLEAD_KEEP_CLUSTER:-}" ] || hack/cluster/down.sh --name "$cluster"
}

local_cluster=false
if [ -n "${KUBECONFIG:-}" ]; then
  printf '\n=== cluster: the one of KUBECONFIG=%s\n' "$KUBECONFIG"
  hack/cluster/install.sh
else
  printf '\n=== cluster: starting a local one (%s)\n' "$cluster"
  local_cluster=true
  trap take_down EXIT
  hack/cluster/up.sh --name "$cluster" --steps-only
  eval "$(hack/cluster/env.sh --name "$cluster")"
  hack/cluster/install.sh --name "$cluster"
fi

printf '\n=== measuring\n'
go run ./test/bench --output "$output" --go-bench "$output/go.txt" --local-cluster="$local_cluster" "$@"
