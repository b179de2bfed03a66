# shellcheck shell=bash
# Names, paths and the little that every script of the local cluster needs. To be sourced; sets:
#   repo, here         the repository and hack/cluster in it
#   name, node         the cluster's name, its node's name: --name NAME, else FAIRLEAD_CLUSTER, else demo
#   state              its directory: certificates, kubeconfig, logs, images loaded into it
#   cache              what several clusters and checkouts share: programs, stand-in images, Debian packages
#   args               the command line without --name, which comes first if at all
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
repo="$(cd "$here/../.." && pwd)"
cache="${FAIRLEAD_CACHE:-${HOME:-/root}/.cache/fairlead}"

# Addresses inside the cluster's own network namespace. They are the same for every cluster and meet nobody else's.
node_ip=10.89.0.2
service_cidr=10.96.0.0/16
pod_cidr=10.244.0.0/16
dns_ip=10.96.0.10
registry_addr=127.0.0.1:5000

# fail MESSAGE...: ends the script with a message for a person.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

name="${FAIRLEAD_CLUSTER:-demo}"
case "${1:-}" in
  --name)
    [ $# -ge 2 ] || fail "--name needs a value"
    name="$2"
    shift 2
    ;;
  --name=*)
    name="${1#--name=}"
    shift
    ;;
esac
args=("$@")

# use_cluster NAME: sets everything that depends on the name, which becomes part of cgroup and host names.
use_cluster() {
  name="$1"
  [[ "$name" =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
    fail "'$name' cannot name a cluster: up to 32 lower-case letters, digits and dashes"
  node="fairlead-$name"
  cgroup="fairlead-$name"
  state="${FAIRLEAD_CLUSTER_DIR:-$repo/.cluster}/$name"
  kubeconfig="$state/kubeconfig"
  init_file="$state/run/init"
}
use_cluster "$name"

# The process that is 1 in the cluster's pid namespace is known by pid, start time and boot, so that a pid that was
# given to another process since is never taken for it.

# identity PID: prints what tells this process from every other, or fails if there is none (or only what is left of it
# until its parent has noticed).
identity() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086  # fields after the name, which may itself hold blanks
  set -- ${stat##*) }
  case "$1" in Z | X) return 1 ;; esac
  printf '%s %s\n' "${20}" "$(cat /proc/sys/kernel/random/boot_id)"
}

# running: whether the cluster's process 1 lives; sets init_pid.
running() {
  local pid known
  [ -s "$init_file" ] || return 1
  { read -r pid known <"$init_file"; } 2>/dev/null || return 1
  [ "$(identity "$pid" || true)" = "$known" ] || return 1
  init_pid="$pid"
}

# need_running: ends the script unless the cluster is up.
need_running() {
  running || fail "cluster '$name' is not up; start it: hack/cluster/up.sh --name $name"
}

# inside COMMAND...: runs it in the cluster's namespaces: same files except /run and /var/lib, its network and processes.
inside() {
  nsenter -t "$init_pid" --pid --mount --net --uts --ipc -- env PATH="/run/fairlead/bin:$PATH" "$@"
}
