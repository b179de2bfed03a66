#!/usr/bin/env bash
# From nothing to a finished workflow: a cluster on this machine, Fairlead in it, hello-world run and shown.
# hack/demo.sh [--name NAME]; with KUBECONFIG set, in that cluster instead (see hack/cluster/install.sh).
# shellcheck disable=SC1091,SC2154  # see cluster/.shellcheckrc
source "$(dirname "${BASH_SOURCE[0]}")/cluster/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/target.sh"
find_target
namespace=default
workflow=

submit() {
  workflow="$("${kubectl[@]}" -n "$namespace" create -f "$repo/artifacts/examples/hello-world.yaml" -o name)"
  echo "        $workflow"
}

# finish: waits until the workflow has ended, and shows where it stands if it did not end well.
finish() {
  local phase
  "${kubectl[@]}" -n "$namespace" wait --for='jsonpath={.status.finishedAt}' "$workflow" --timeout 180s >/dev/null || true
  phase="$("${kubectl[@]}" -n "$namespace" get "$workflow" -o 'jsonpath={.status.phase}')"
  [ "$phase" = Succeeded ] || {
    {
      "${kubectl[@]}" -n "$namespace" get "$workflow" -o yaml
      "${kubectl[@]}" -n "$namespace" get pods -l "workflows.argoproj.io/workflow=${workflow##*/}" -o wide
      "${kubectl[@]}" -n "$namespace" get events --sort-by .lastTimestamp | tail -n 10
      "${kubectl[@]}" -n fairlead-system logs deployment/fairlead-controller --tail 20
    } >&2 || true
    fail "$workflow should have Succeeded within 3 minutes and is '${phase:-not started}'"
  }
}

show() {
  local group="${workflow%%/*}"
  printf '\n$ kubectl get --raw /apis/%s/v1alpha1/namespaces/%s/workflows/%s/log\n' "${group#*.}" "$namespace" "${workflow##*/}"
  "${kubectl[@]}" get --raw "/apis/${group#*.}/v1alpha1/namespaces/$namespace/workflows/${workflow##*/}/log"
  printf '\n$ kubectl get workflows\n'
  "${kubectl[@]}" -n "$namespace" get workflows
}

[ -z "$local_cluster" ] || "$here/up.sh" --name "$name" --steps-only
"$here/install.sh" --name "$name"
step "kubectl create -f artifacts/examples/hello-world.yaml" submit
step "waiting for $workflow" finish
show
step_table
if [ -n "$local_cluster" ]; then
  printf '\nThe cluster stays up. To go on:\n  export KUBECONFIG=%s\n  alias kubectl=%s\n  kubectl explain workflow.spec\nTrees, live views and more, with the kubectl plugin:\n  make plugin\n  _output/bin/kubectl-workflow get @latest\nTo take it down:\n  make cluster-down CLUSTER=%s\n' \
    "$kubeconfig" "$(readlink -f "$state/run/kube")/kubectl" "$name"
fi
