# shellcheck shell=bash
# Which cluster to work with: that of KUBECONFIG if it is set, else the local one. To be sourced after names.sh.
#   local_cluster    1 for a local cluster, else empty; its name is that of KUBECONFIG, if it came from there
#   kubectl          kubectl for it, as an array
find_target() {
  local clusters="${state%/*}" given="${KUBECONFIG:-}"
  local_cluster=1
  if [ -n "$given" ]; then
    # What up.sh printed may have been exported since: that is a local cluster still.
    given="$(realpath -m "$given")"
    if [ "$given" = "$(realpath -m "$clusters/$(basename "$(dirname "$given")")/kubeconfig")" ]; then
      use_cluster "$(basename "$(dirname "$given")")"
    else
      local_cluster=
    fi
  fi
  if [ -n "$local_cluster" ]; then
    unset KUBECONFIG
    kubectl=("$here/kubectl.sh" --name "$name")
    return
  fi
  command -v "${KUBECTL:-kubectl}" >/dev/null || fail "KUBECONFIG is set, so its cluster is used, but there is no kubectl in PATH (or in KUBECTL) to use it with"
  kubectl=("${KUBECTL:-kubectl}")
  echo "using the cluster of KUBECONFIG=$KUBECONFIG, context $("${kubectl[@]}" config current-context 2>/dev/null || echo '(none)')"
  [ -n "${IMAGE_PREFIX:-}" ] || fail "this cluster's nodes need a registry to pull Fairlead's image from.
  Set IMAGE_PREFIX to where they find it, for example IMAGE_PREFIX=registry.example.com/team, and put it there:
    hack/cluster/images.sh fairlead
    skopeo copy oci-archive:_output/images/fairlead.tar docker://\$IMAGE_PREFIX/fairlead:dev
  Unset KUBECONFIG to have a cluster made on this machine instead."
  "${kubectl[@]}" get --raw /readyz >/dev/null || fail "the API server of KUBECONFIG=$KUBECONFIG does not answer"
}
