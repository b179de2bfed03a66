#!/usr/bin/env bash
# Makes an image of a directory and loads it into a running cluster:
#   hack/cluster/image.sh [--name CLUSTER] IMAGE ROOTFS [-entrypoint "WORDS"] [-cmd "WORDS"] [-env "A=B ..."] [-user USER]
# An image of that name that is there already is replaced, for pods that start from now on. Prints IMAGE and its digest.
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/build.sh"
need_running
[ "${#args[@]}" -ge 2 ] || fail "usage: image.sh [--name CLUSTER] IMAGE ROOTFS [-flag value ...]"
[ -d "${args[1]}" ] || fail "there is no directory ${args[1]}"
build_tools_if_needed
made="$("$tools_dir/clustertool" image -store "$state/images" -name "${args[0]}" -root "${args[1]}" "${args[@]:2}")"
# The node's own copy: pods whose imagePullPolicy is not Always would keep using the old one.
inside ctr -a /run/containerd/containerd.sock -n k8s.io images pull --hosts-dir /run/fairlead/state/conf/registries "${made%% *}" >"$state/logs/image.log" 2>&1 || {
  tail -n 3 "$state/logs/image.log" >&2
  fail "the node could not load ${made%% *}; see $state/logs/image.log"
}
echo "$made"
