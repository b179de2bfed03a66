#!/usr/bin/env bash
# Takes a cluster down: hack/cluster/down.sh [--name NAME | --all] [--purge] [--quiet]
# Its processes, mounts, network and cgroups are gone then. What stays is its directory: logs, those of pods too, until
# the next start, and its certificates. --purge removes that as well. A cluster that is down stays down.
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
purge='' quiet='' all=''
for a in "${args[@]}"; do
  case "$a" in
    --purge) purge=1 ;;
    --quiet) quiet=1 ;;
    --all) all=1 ;;
    *) fail "unknown argument: $a" ;;
  esac
done
say() { [ -n "$quiet" ] || echo "$@"; }

if [ -n "$all" ]; then
  for d in "$(dirname "$state")"/*/run/init; do
    [ -e "$d" ] || continue
    d="${d%/run/init}"
    "${BASH_SOURCE[0]}" --name "${d##*/}" ${purge:+--purge} ${quiet:+--quiet}
  done
  exit 0
fi

# end_process FILE: kills the process that FILE names, if it is still that one, and waits until it is gone.
end_process() {
  local pid known i
  { read -r pid known <"$1"; } 2>/dev/null || return 0
  [ "$(identity "$pid" || true)" = "$known" ] || return 0
  kill -9 "$pid"
  for ((i = 0; i < 400; i++)); do
    [ "$(identity "$pid" || true)" = "$known" ] || return 0
    sleep 0.05
  done
  fail "process $pid of cluster '$name' does not end"
}

# remove_cgroups: what the node made, deepest first. Processes that were just killed may hold them for a moment.
remove_cgroups() {
  local i left dirs=()
  for ((i = 0; i < 50; i++)); do
    shopt -s nullglob
    dirs=(/sys/fs/cgroup/"$cgroup" /sys/fs/cgroup/*/"$cgroup")
    shopt -u nullglob
    left=
    for d in "${dirs[@]}"; do
      [ -d "$d" ] || continue
      find "$d" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ ! -d "$d" ] || left="$left $d"
    done
    [ -n "$left" ] || return 0
    sleep 0.1
  done
  say "cgroups that could not be removed:$left"
}

was_up=
! running || was_up=1
end_process "$init_file"
end_process "$state/run/forward"
remove_cgroups
rm -rf "$state/run" "$state/data" "$state/images"
[ -z "$purge" ] || rm -rf "$state"
if [ "$(ls -A "${state%/*}" 2>/dev/null)" = .gitignore ]; then rm -r "${state%/*}"; fi
if [ -z "$was_up" ]; then
  say "cluster '$name' is not up"
elif [ -n "$purge" ]; then
  say "cluster '$name' is down"
else
  say "cluster '$name' is down; logs: $state/logs"
fi
