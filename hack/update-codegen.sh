#!/usr/bin/env bash
# Writes all generated code: deep copies and OpenAPI model names beside the types, and pkg/generated (clientset, listers,
# informers, OpenAPI definitions). With an argument it works in that copy of the repository instead of this one.
# There are no apply configurations: they would fix the API group at build time, and it is a setting of the installation.
set -euo pipefail

ROOT="${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
cd "${ROOT}"
export GOFLAGS="${GOFLAGS:--trimpath -buildvcs=false}" CGO_ENABLED=0

MODULE=fairlead.dev/fairlead
TYPES=pkg/apis/workflow/v1alpha1
GENERATED=pkg/generated
HEADER="${ROOT}/hack/codegen/boilerplate.go.txt"

# The generators type-check what they read, so leftovers that no longer fit would stop them.
rm -rf "${GENERATED}/clientset" "${GENERATED}/listers" "${GENERATED}/informers" "${GENERATED}/openapi"
rm -f "${TYPES}"/zz_generated.*.go

echo "deep copies"
go tool deepcopy-gen --go-header-file "${HEADER}" --output-file zz_generated.deepcopy.go "./${TYPES}"
echo "defaults"
go tool defaulter-gen --go-header-file "${HEADER}" --output-file zz_generated.defaults.go "./${TYPES}"

echo "OpenAPI"
READONLY=(
  k8s.io/api/authentication/v1 k8s.io/api/autoscaling/v1 k8s.io/api/core/v1 k8s.io/api/policy/v1
  k8s.io/apimachinery/pkg/api/resource k8s.io/apimachinery/pkg/apis/meta/v1
  k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/util/intstr k8s.io/apimachinery/pkg/version
)
readonly_args=()
for package in "${READONLY[@]}"; do readonly_args+=(--readonly-pkg "${package}"); done
go tool openapi-gen --go-header-file "${HEADER}" --output-file zz_generated.openapi.go \
  --output-dir "${GENERATED}/openapi" --output-pkg "${MODULE}/${GENERATED}/openapi" \
  --output-model-name-file zz_generated.model_name.go --report-filename /dev/null \
  "${readonly_args[@]}" "${READONLY[@]}" "./${TYPES}"

echo "clientset"
go tool client-gen --go-header-file "${HEADER}" --clientset-name versioned \
  --input-base "${MODULE}/pkg/apis" --input workflow/v1alpha1 \
  --output-dir "${GENERATED}/clientset" --output-pkg "${MODULE}/${GENERATED}/clientset"
echo "listers"
go tool lister-gen --go-header-file "${HEADER}" \
  --output-dir "${GENERATED}/listers" --output-pkg "${MODULE}/${GENERATED}/listers" "./${TYPES}"
echo "informers"
go tool informer-gen --go-header-file "${HEADER}" \
  --output-dir "${GENERATED}/informers" --output-pkg "${MODULE}/${GENERATED}/informers" \
  --versioned-clientset-package "${MODULE}/${GENERATED}/clientset/versioned" \
  --listers-package "${MODULE}/${GENERATED}/listers" "./${TYPES}"
