#!/usr/bin/env bash
# Checks that this machine can run the local cluster and installs the Debian packages that are missing:
# hack/cluster/prereqs.sh [--check], the latter only looks. Names everything that is wrong at once.
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"

# program or file -> package
needs="
/usr/bin/containerd                        containerd
/usr/sbin/runc                             runc
/usr/lib/cni/bridge                        containernetworking-plugins
/bin/busybox                               busybox-static
nft                                        nftables
iptables                                   iptables
ip                                         iproute2
modprobe                                   kmod
unshare                                    util-linux
mount                                      mount
git                                        git
/etc/ssl/certs/ca-certificates.crt         ca-certificates
"
wrong=()

[ "$(uname -s)" = Linux ] || fail "the local cluster needs Linux; set KUBECONFIG to use another cluster"
[ "$(id -u)" = 0 ] || fail "the local cluster needs root (namespaces, mounts, cgroups); set KUBECONFIG to use another cluster"

missing=()
while read -r what package; do
  [ -n "$what" ] || continue
  command -v "$what" >/dev/null || [ -e "$what" ] || missing+=("$package")
done <<<"$needs"

# install_packages PACKAGE...: with apt, starting none of the services they bring (containerd would run on the machine
# beside the one in the cluster).
install_packages() {
  local guard=/usr/sbin/policy-rc.d log
  log="$(mktemp)"
  if [ ! -e "$guard" ]; then
    # shellcheck disable=SC2064  # the path as it is now
    trap "rm -f '$guard'" RETURN
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
  fi
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log" "$guard"
    fail "could not install: $*"
  fi
  rm -f "$log"
}

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "${args[0]:-}" = --check ]; then
    wrong+=("Debian packages are missing: ${missing[*]}")
  elif command -v apt-get >/dev/null; then
    echo "        installing ${missing[*]}"
    install_packages "${missing[@]}"
  else
    wrong+=("these Debian packages are missing and there is no apt-get to install them: ${missing[*]}")
  fi
fi

# The cluster's programs are built here.
export PATH="$PATH:/usr/local/go/bin"
if ! command -v go >/dev/null; then
  wrong+=("Go is missing: version 1.26 or later, from go.dev/dl, in PATH or /usr/local/go")
else
  version="$(go env GOVERSION)"
  minor="${version#go1.}"
  [ "${minor%%[.a-z]*}" -ge 26 ] 2>/dev/null || wrong+=("Go 1.26 or later is needed, this is $version")
fi

# Kernel features that may be modules.
for module in overlay br_netfilter nf_tables nft_chain_nat nft_masq nft_numgen nft_fib_ipv4 veth bridge; do
  modprobe -q "$module" 2>/dev/null || true
done
grep -qw overlay /proc/filesystems || wrong+=("the kernel has no overlay file system")
unshare --net -- sh -c 'ip link add name veth0 type veth peer name veth1 && ip link add name br0 type bridge && nft add table ip t' >/dev/null 2>&1 ||
  wrong+=("the kernel, or the container this runs in, refuses network namespaces with veth, bridge and nftables")
unshare --mount --pid --fork --uts --ipc -- mount -t tmpfs tmpfs /mnt >/dev/null 2>&1 ||
  wrong+=("mount and pid namespaces are refused (in a container: it has to be privileged)")
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  for c in cpu cpuset memory pids; do
    grep -qw "$c" /sys/fs/cgroup/cgroup.controllers || wrong+=("cgroup controller $c is not available in /sys/fs/cgroup")
  done
elif [ ! -d /sys/fs/cgroup/memory ] || [ ! -d /sys/fs/cgroup/cpu ]; then
  wrong+=("no cgroups are mounted in /sys/fs/cgroup")
fi

free="$(df --output=avail -k "$(dirname "$repo")" | tail -n 1)"
[ "$free" -gt 8000000 ] || echo "        note: only $((free / 1024)) MiB of disk are free; a first build of Kubernetes writes about 8 GiB" >&2

if [ "${#wrong[@]}" -gt 0 ]; then
  printf '%s: this machine cannot run the local cluster yet:\n' "${0##*/}" >&2
  printf '  - %s\n' "${wrong[@]}" >&2
  exit 1
fi
