#!/usr/bin/env bash
# Runs a command in a cluster's namespaces, as a process on its node: hack/cluster/exec.sh [--name NAME] COMMAND...
# For example: exec.sh ctr -n k8s.io images list; exec.sh nft list ruleset; exec.sh bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
need_running
[ "${#args[@]}" -gt 0 ] || fail "no command given"
inside env CONTAINERD_ADDRESS=/run/containerd/containerd.sock "${args[@]}"
