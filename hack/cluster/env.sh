#!/usr/bin/env bash
# Prints how to use a cluster, for eval: eval "$(hack/cluster/env.sh [--name NAME])"
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
need_running
printf 'export KUBECONFIG=%q\n' "$kubeconfig"
printf 'export KUBECTL=%q\n' "$(readlink "$state/run/kube")/kubectl"
