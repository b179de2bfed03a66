#!/usr/bin/env bash
# Installs Fairlead into a cluster and waits until its API is served: hack/cluster/install.sh [--name NAME]
# A local cluster gets the image built from this checkout. With KUBECONFIG set to another cluster, the image is expected
# at $IMAGE_PREFIX/fairlead:${IMAGE_TAG:-dev}. FAIRLEAD_OVERLAY picks the overlay (default: quick-start).
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/build.sh"
source "$here/lib/fairlead.sh"
source "$here/lib/target.sh"
find_target
overlay="${FAIRLEAD_OVERLAY:-quick-start}"
work="$repo/_output/install"
digest=

load_image() {
  local made
  made="$("$here/image.sh" --name "$name" "$image_name" "$image_dir" "${image_settings[@]}")"
  digest="${made##* }"
}

# write_kustomization: the overlay with the image of this installation. The digest in the pods' annotations is what
# makes a second installation replace them: the image's name is the same.
write_kustomization() {
  rm -rf "$work" && mkdir -p "$work"
  {
    printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../../manifests/overlays/%s\n' "$overlay"
    if [ -n "$local_cluster" ]; then
      printf 'patches:\n  - target: {kind: Deployment}\n    patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: any}\n'
      printf '      spec: {template: {metadata: {annotations: {fairlead.dev/image-digest: "%s"}}}}\n' "$digest"
    else
      printf 'images:\n  - {name: fairlead/fairlead, newName: "%s/fairlead", newTag: "%s"}\n' "$IMAGE_PREFIX" "${IMAGE_TAG:-dev}"
    fi
  } >"$work/kustomization.yaml"
}

apply() {
  write_kustomization
  "${kubectl[@]}" kustomize "$work" >"$work/manifests.yaml"
  # A namespace and what is in it come in one file; server-side apply keeps what others set, such as the caBundle.
  "${kubectl[@]}" apply --server-side --force-conflicts -f "$work/manifests.yaml" >"$work/apply.log" 2>&1 || {
    cat "$work/apply.log" >&2
    fail "the manifests of manifests/overlays/$overlay were not accepted"
  }
}

# explain: what there is to see when Fairlead does not come up.
explain() {
  local n=fairlead-system pod
  {
    "${kubectl[@]}" -n "$n" get pods -o wide
    for pod in $("${kubectl[@]}" -n "$n" get pods -o name); do
      printf -- '--- last lines of %s\n' "$pod"
      "${kubectl[@]}" -n "$n" logs --tail 20 --all-containers "$pod"
    done
    printf -- '--- events\n'
    "${kubectl[@]}" -n "$n" get events --sort-by .lastTimestamp | tail -n 10
    "${kubectl[@]}" get apiservices "$(api_service)" -o jsonpath='{range .status.conditions[*]}{.type}={.status}: {.message}{"\n"}{end}'
  } >&2 2>&1 || true
}

# api_service: the APIService that leads to the server, which registers it itself once it is ready.
api_service() {
  "${kubectl[@]}" get apiservices -o 'jsonpath={.items[?(@.spec.service.name=="fairlead-apiserver")].metadata.name}'
}

wait_available() {
  local service='' deployment deployments=(fairlead-apiserver fairlead-controller) end
  # Only the quick-start has a store of its own.
  [ -z "$("${kubectl[@]}" -n fairlead-system get deployment fairlead-store --ignore-not-found -o name)" ] || deployments+=(fairlead-store)
  for deployment in "${deployments[@]}"; do
    "${kubectl[@]}" -n fairlead-system rollout status "deployment/$deployment" --timeout 180s >"$work/rollout.log" 2>&1 || {
      cat "$work/rollout.log" >&2
      explain
      fail "$deployment does not become available"
    }
  done
  end=$(($(date +%s) + 60))
  until service="$(api_service)" && [ -n "$service" ]; do
    [ "$(date +%s)" -lt "$end" ] || {
      explain
      fail "the server does not register its API"
    }
    sleep 0.3
  done
  "${kubectl[@]}" wait --for=condition=Available "apiservice/$service" --timeout 60s >/dev/null || {
    explain
    fail "the API is not served"
  }
}

if [ -n "$local_cluster" ]; then
  step "building Fairlead's programs" build_fairlead
  step "loading Fairlead's image into cluster '$name'" load_image
fi
step "applying manifests/overlays/$overlay" apply
step "waiting until Fairlead's API is available" wait_available
