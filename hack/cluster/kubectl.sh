#!/usr/bin/env bash
# kubectl against a local cluster, whatever KUBECONFIG says: hack/cluster/kubectl.sh [--name NAME] ARGUMENTS...
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
need_running
export KUBECONFIG="$kubeconfig" KUBECACHEDIR="$state/run/kubectl"
exec "$state/run/kube/kubectl" "${args[@]}"
