#!/usr/bin/env bash
# Fails when generated code is not what hack/update-codegen.sh would write. Works in a copy, so the working tree stays as it is.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
COPY="$(mktemp -d)"
trap 'rm -rf "${COPY}"' EXIT

mkdir -p "${COPY}/pkg/apis/workflow" "${COPY}/hack"
cp "${ROOT}/go.mod" "${ROOT}/go.sum" "${COPY}/"
cp -r "${ROOT}/pkg/apis/workflow/v1alpha1" "${COPY}/pkg/apis/workflow/"
cp -r "${ROOT}/hack/codegen" "${ROOT}/hack/update-codegen.sh" "${COPY}/hack/"

"${COPY}/hack/update-codegen.sh" "${COPY}"

status=0
diff -ru "${ROOT}/pkg/apis/workflow/v1alpha1" "${COPY}/pkg/apis/workflow/v1alpha1" || status=1
diff -ru "${ROOT}/pkg/generated" "${COPY}/pkg/generated" || status=1
if [ "${status}" -ne 0 ]; then
  echo "Generated code is out of date: run hack/update-codegen.sh and commit what it writes." >&2
fi
exit "${status}"
