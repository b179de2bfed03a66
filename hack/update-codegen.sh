#!/usr/bin/env bash
# Writes all generated code: deep copies and OpenAPI model names beside the types, pkg/generated (clientset, listers,
# informers, OpenAPI definitions), and the protocol of artifact drivers. `--verify` writes nothing and fails when something would change.
# It works in a copy and replaces what is there at the end, so a failed run leaves everything as it was.
# There are no apply configurations: they would fix the API group at build time, and it is a setting of the installation.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MODULE=fairlead.dev/fairlead
TYPES=pkg/apis/workflow/v1alpha1
GENERATED=pkg/generated
PROTOCOL=pkg/artifact/plugin/driverv1
export GOFLAGS="${GOFLAGS:--trimpath -buildvcs=false}" CGO_ENABLED=0

# Types that ours refer to. The server publishes them too; their model names come with them.
READONLY=(
  k8s.io/api/authentication/v1 k8s.io/api/autoscaling/v1 k8s.io/api/core/v1 k8s.io/api/policy/v1
  k8s.io/apimachinery/pkg/api/resource k8s.io/apimachinery/pkg/apis/meta/v1
  k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/util/intstr k8s.io/apimachinery/pkg/version
)

COPY="$(mktemp -d)"
trap 'rm -rf "${COPY}"' EXIT

copy_types() {
  mkdir -p "${COPY}/${TYPES}"
  cp "${ROOT}/go.mod" "${ROOT}/go.sum" "${COPY}/"
  cp "${ROOT}/${TYPES}"/*.go "${COPY}/${TYPES}/"
  # The generators type-check what they read, so leftovers that no longer fit would stop them.
  rm -f "${COPY}/${TYPES}"/zz_generated.*.go
}

generate() (
  cd "${COPY}"
  header="${ROOT}/hack/codegen/boilerplate.go.txt"
  readonly_args=()
  for package in "${READONLY[@]}"; do readonly_args+=(--readonly-pkg "${package}"); done

  echo "deep copies"
  go tool deepcopy-gen --go-header-file "${header}" --output-file zz_generated.deepcopy.go "./${TYPES}"
  echo "defaults"
  go tool defaulter-gen --go-header-file "${header}" --output-file zz_generated.defaults.go "./${TYPES}"
  echo "OpenAPI"
  go tool openapi-gen --go-header-file "${header}" --output-file zz_generated.openapi.go \
    --output-dir "${GENERATED}/openapi" --output-pkg "${MODULE}/${GENERATED}/openapi" \
    --output-model-name-file zz_generated.model_name.go --report-filename /dev/null \
    "${readonly_args[@]}" "${READONLY[@]}" "./${TYPES}"
  echo "clientset"
  go tool client-gen --go-header-file "${header}" --clientset-name versioned \
    --input-base "${MODULE}/pkg/apis" --input workflow/v1alpha1 \
    --output-dir "${GENERATED}/clientset" --output-pkg "${MODULE}/${GENERATED}/clientset"
  echo "listers"
  go tool lister-gen --go-header-file "${header}" \
    --output-dir "${GENERATED}/listers" --output-pkg "${MODULE}/${GENERATED}/listers" "./${TYPES}"
  echo "informers"
  go tool informer-gen --go-header-file "${header}" \
    --output-dir "${GENERATED}/informers" --output-pkg "${MODULE}/${GENERATED}/informers" \
    --versioned-clientset-package "${MODULE}/${GENERATED}/clientset/versioned" \
    --listers-package "${MODULE}/${GENERATED}/listers" "./${TYPES}"
)

# compile_protocol: without protoc; the compiler and its plugins are Go programs, pinned in hack/tools/proto.
compile_protocol() {
  local tool programs=()
  echo "protocol"
  for tool in fairlead.dev/fairlead/hack/tools/proto google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc; do
    programs+=("$("${ROOT}/hack/tools/build.sh" proto "${tool}")")
  done
  mkdir -p "${COPY}/${PROTOCOL}"
  cp "${ROOT}/${PROTOCOL}/driver.proto" "${COPY}/${PROTOCOL}/"
  "${programs[0]}" "${COPY}/${PROTOCOL}" driver.proto "${programs[@]:1}"
}

verify() {
  local status=0 file
  for file in "${COPY}/${TYPES}"/zz_generated.*.go; do
    diff -u "${ROOT}/${TYPES}/$(basename "${file}")" "${file}" || status=1
  done
  diff -ru "${ROOT}/${GENERATED}" "${COPY}/${GENERATED}" || status=1
  diff -ru "${ROOT}/${PROTOCOL}" "${COPY}/${PROTOCOL}" || status=1
  if [ "${status}" -ne 0 ]; then
    echo "Generated code is out of date: run hack/update-codegen.sh and commit what it writes." >&2
  fi
  return "${status}"
}

replace() {
  cp "${COPY}/${TYPES}"/zz_generated.*.go "${ROOT}/${TYPES}/"
  cp "${COPY}/${PROTOCOL}"/*.pb.go "${ROOT}/${PROTOCOL}/"
  mkdir -p "${ROOT}/${GENERATED}"
  [ ! -e "${ROOT}/${GENERATED}" ] || mv "${ROOT}/${GENERATED}" "${COPY}/replaced"
  mv "${COPY}/${GENERATED}" "${ROOT}/${GENERATED}"
}

copy_types
generate
compile_protocol
if [ "${1:-}" = --verify ]; then verify; else replace; fi
