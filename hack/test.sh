#!/usr/bin/env bash
# Runs tests: hack/test.sh [unit] [integration] [e2e]. Ends with one summary over all that ran, and exits non-zero if
# anything failed. Results are left in _output/test (one file of `go test -json` events a suite, and junit.xml).
#
# e2e runs on a local cluster of its own that is started for it and taken down, or, with KUBECONFIG set, on that one.
#   FAIRLEAD_KEEP_CLUSTER=1  leave the local cluster up
#   FAIRLEAD_ARTIFACT_DRIVER an image of test/artifactdriver, on a cluster of yours
#   GO_TEST_FLAGS            further flags for go test, e.g. "-run TestHelloWorld -v"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cluster="test"
results="$PWD/_output/test"
rm -rf "$results" && mkdir -p "$results"
gotestsum="$(hack/tools/build.sh test gotest.tools/gotestsum)"
failed=()

# Go caches test results by what lies inside the module, and by the environment. The examples lie outside: named here, a
# result that was had without them is not taken for one with them.
if [ -z "${FAIRLEAD_EXAMPLES:-}" ] && [ -d ../shared/examples ]; then
  FAIRLEAD_EXAMPLES="$(cd ../shared/examples && pwd -P)"
  export FAIRLEAD_EXAMPLES
fi

# suite NAME PACKAGES-AND-FLAGS...: runs go test and shows a line a package while it works.
suite() {
  local name="$1"
  shift
  printf '\n=== %s tests\n' "$name"
  # shellcheck disable=SC2086  # flags are words
  "$gotestsum" --format pkgname --format-hide-empty-pkg --hide-summary all --jsonfile "$results/$name.json" -- ${GO_TEST_FLAGS:-} "$@" || failed+=("$name")
}

# servers builds the real S3 servers that tests of artifacts start (the first time: some nine minutes of processor time for
# MinIO's), so that no test waits for a compiler; tests of Git use the git program.
servers() {
  command -v git >/dev/null || hack/cluster/prereqs.sh
  hack/tools/build.sh minio fairlead.dev/fairlead/hack/tools/minio >/dev/null
  hack/tools/build.sh ../../cmd/fairlead-store fairlead.dev/fairlead/cmd/fairlead-store >/dev/null
}

# The engine's random runs are few with a bare `go test`; here they are as many as it takes to trust them.
unit() {
  printf '\n=== S3 servers for tests\n'
  servers
  FAIRLEAD_RANDOM_RUNS="${FAIRLEAD_RANDOM_RUNS:-100000}" suite unit -timeout 30m ./cmd/... ./pkg/... ./test/boundaries/... ./test/manifests/... ./test/examples/... ./test/bench/... ./test/conformance/...
}

integration() {
  suite integration -timeout 20m ./test/integration/...
}

e2e() {
  if [ -n "${KUBECONFIG:-}" ]; then
    printf '\n=== cluster: the one of KUBECONFIG=%s\n' "$KUBECONFIG"
    export KUBECTL="${KUBECTL:-kubectl}"
    hack/cluster/install.sh
  else
    printf '\n=== cluster: starting a local one (%s)\n' "$cluster"
    trap take_down EXIT
    hack/cluster/up.sh --name "$cluster" --steps-only
    eval "$(hack/cluster/env.sh --name "$cluster")"
    hack/cluster/install.sh --name "$cluster"
    artifact_driver --name "$cluster"
  fi
  # Tests wait for pods more than they compute: more of them at once than there are processors.
  suite e2e -tags e2e -count 1 -parallel 4 -timeout 40m ./test/e2e/...
  take_down
}

# artifact_driver brings the sample of an artifact driver into a local cluster.
artifact_driver() {
  local root="$PWD/_output/images/artifact-driver"
  rm -rf "$root" && mkdir -p "$root/tmp"
  chmod 1777 "$root/tmp"
  CGO_ENABLED=0 go build -ldflags "-s -w" -o "$root/" ./test/artifactdriver
  export FAIRLEAD_ARTIFACT_DRIVER=fairlead/artifact-driver:dev
  hack/cluster/image.sh "$@" "$FAIRLEAD_ARTIFACT_DRIVER" "$root" -entrypoint /artifactdriver -user 65532:65532
}

# take_down runs before the summary, which is to stand last, or when the script is interrupted.
take_down() {
  if [ -n "$(trap -p EXIT)" ] && [ -z "${FAIRLEAD_KEEP_CLUSTER:-}" ]; then
    printf '\n=== cluster: taking it down\n'
    hack/cluster/down.sh --name "$cluster"
  fi
  trap - EXIT
}

for s in "${@:-unit}"; do
  case "$s" in
    unit | integration | e2e) "$s" ;;
    *)
      echo "hack/test.sh: no suite '$s' (unit, integration, e2e)" >&2
      exit 2
      ;;
  esac
done

printf '\n=== all tests: %s\n' "$*"
# The events of every suite once more, as one run: failures with their output, then the totals.
cat "$results"/*.json | "$gotestsum" --format none --junitfile "$results/junit.xml" --raw-command -- cat || failed+=(summary)
[ "${#failed[@]}" -eq 0 ]
