#!/usr/bin/env bash
# Starts a one-node Kubernetes cluster on this machine: hack/cluster/up.sh [--name NAME].
# A cluster that is up stays up. The last lines printed are for `eval`: KUBECONFIG and KUBECTL.
#   FAIRLEAD_CLUSTER_DIR    where clusters keep their files (default: .cluster in the repository)
#   FAIRLEAD_CACHE          where built programs and images are kept (default: ~/.cache/fairlead)
#   FAIRLEAD_PORT           port of the API server on 127.0.0.1 (default: one of 26000-26999 that is free)
#   FAIRLEAD_RUNTIME        runc (default) or crun
#   FAIRLEAD_CONTAINERD     directory with containerd, containerd-shim-runc-v2 and ctr to use instead of the machine's
#   FAIRLEAD_APISERVER_FLAGS, FAIRLEAD_KUBELET_V   further flags of the kube-apiserver, verbosity of the kubelet
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/build.sh"
source "$here/lib/standins.sh"
containerd_dir="${FAIRLEAD_CONTAINERD:-}"
[ -z "$containerd_dir" ] || [ -x "$containerd_dir/containerd" ] || fail "FAIRLEAD_CONTAINERD: there is no program $containerd_dir/containerd"
quiet=''
[ "${args[*]}" != --steps-only ] || quiet=1
[ -n "$quiet" ] || [ "${#args[@]}" -eq 0 ] || fail "unknown argument: ${args[*]}"

# pick_port: the port this cluster had, else the first free one from a number that depends on the name.
pick_port() {
  local first i
  port="${FAIRLEAD_PORT:-}"
  if [ -z "$port" ] && [ -s "$state/port" ]; then port="$(cat "$state/port")"; fi
  if [ -z "$port" ]; then
    first="$(cksum <<<"$name" | cut -d ' ' -f 1)"
    for ((i = 0; i < 1000; i++)); do
      port=$((26000 + (first + i) % 1000))
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
  fi
  echo "$port" >"$state/port"
}

ready() { "$tools_dir/clustertool" ready -server "https://127.0.0.1:$port" -ca "$state/pki/ca.crt" -timeout "$1"; }

# render FILE TARGET: a template of conf/ with this cluster's values.
render() {
  mkdir -p "$(dirname "$2")"
  sed -e "s|@RUNTIME@|$runtime|g; s|@CGROUP@|$cgroup|g; s|@DNS_IP@|$dns_ip|g; s|@NODE_IP@|$node_ip|g" \
    -e "s|@POD_CIDR@|$pod_cidr|g; s|@REGISTRY@|$registry_addr|g" "$here/conf/$1" >"$2"
}

# write_files: certificates (kept from one start to the next, so that a kubeconfig stays good) and configuration.
write_files() {
  runtime="$(command -v "${FAIRLEAD_RUNTIME:-runc}")" || fail "there is no ${FAIRLEAD_RUNTIME} on this machine: apt-get install ${FAIRLEAD_RUNTIME}"
  if ! grep -qs "https://127.0.0.1:$port\"" "$state/pki/coredns.kubeconfig"; then
    rm -rf "$state/pki"
    "$tools_dir/clustertool" certs -dir "$state/pki" -cluster "$name" -server "https://127.0.0.1:$port" -node "$node" \
      -names "127.0.0.1,localhost,$node_ip,${service_cidr%.*}.1"
  fi
  install -m 600 "$state/pki/admin.kubeconfig" "$kubeconfig"
  rm -rf "$state"/{conf,data,logs}
  mkdir -p "$state"/{logs/pods,data,images}
  render containerd.toml "$state/conf/containerd.toml"
  render kubelet.yaml "$state/conf/kubelet.yaml"
  render Corefile "$state/conf/Corefile"
  render dns.yaml "$state/conf/dns.yaml"
  render storage.yaml "$state/conf/storage.yaml"
  render cni.conflist "$state/conf/cni/10-fairlead.conflist"
  render hosts.toml "$state/conf/registries/_default/hosts.toml"
}

# start: makes the namespaces, with init.sh as process 1 in them, and the way in from here. The lock is not for them to
# hold, and the caller's environment (a proxy, say) is not for them to see.
start() {
  local parent i v pid='' given=()
  for v in state kube_dir tools_dir images_dir name node port cgroup node_ip service_cidr pod_cidr registry_addr \
    containerd_dir FAIRLEAD_APISERVER_FLAGS FAIRLEAD_KUBELET_V; do
    given+=("$v=${!v:-}")
  done
  setsid unshare --pid --fork --kill-child --mount --propagation private --net --uts --ipc --mount-proc \
    env -i HOME=/root "${given[@]}" bash "$here/init.sh" </dev/null >"$state/logs/init.log" 2>&1 {lock}>&- &
  parent=$!
  disown
  for ((i = 0; i < 200; i++)); do
    pid="$(awk '{ print $1 }' "/proc/$parent/task/$parent/children" 2>/dev/null || true)"
    [ -z "$pid" ] || printf '%s %s\n' "$pid" "$(identity "$pid" || true)" >"$init_file"
    [ ! -e "$state/run/prepared" ] || break
    kill -0 "$parent" 2>/dev/null || break
    sleep 0.05
  done
  if [ ! -e "$state/run/prepared" ]; then
    tail -n 5 "$state/logs/init.log" >&2
    fail "the cluster's namespaces could not be prepared; see $state/logs/init.log"
  fi
  start_forward "$pid"
  ready 90s || fail "the kube-apiserver does not get ready; see $state/logs/kube-apiserver.log and etcd.log"
}

# start_forward PID: the way in, unless it is there.
start_forward() {
  local pid='' known=''
  if [ -s "$state/run/forward" ]; then read -r pid known <"$state/run/forward"; fi
  if [ -n "$pid" ] && [ "$(identity "$pid" || true)" = "$known" ]; then return; fi
  setsid "$tools_dir/clustertool" forward -netns "/proc/$1/ns/net" -listen "127.0.0.1:$port" -to "127.0.0.1:$port" \
    </dev/null >"$state/logs/forward.log" 2>&1 {lock}>&- &
  printf '%s %s\n' "$!" "$(identity "$!")" >"$state/run/forward"
  disown
}

# until_true SECONDS WHAT COMMAND...: repeats the command until it succeeds.
until_true() {
  local end=$(($(date +%s) + $1)) what="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || fail "$what; see the logs in $state/logs"
    sleep 0.2
  done
}

wait_for_node() {
  local kubectl=("$kube_dir/kubectl" --kubeconfig "$kubeconfig" --cache-dir "$state/run/kubectl")
  until_true 30 "the services of the API server do not get written" "${kubectl[@]}" apply -f "$state/conf/dns.yaml"
  until_true 30 "the storage class does not get written" "${kubectl[@]}" apply -f "$state/conf/storage.yaml"
  until_true 60 "the kubelet does not register its node" "${kubectl[@]}" get node "$node"
  "${kubectl[@]}" wait --for=condition=Ready "node/$node" --timeout=120s >/dev/null || fail "the node does not get ready; see $state/logs/kubelet.log"
  until_true 60 "the controller manager makes no service accounts" "${kubectl[@]}" get serviceaccount default
  # The first server block answers once it has read all Services.
  until_true 60 "the cluster's name server does not get ready" nsenter -t "$init_pid" --net -- \
    bash -c 'exec 3<>/dev/tcp/127.0.0.1/8181 && printf "GET /ready HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3 | grep -q " 200 "'
}

step "checking what this machine needs to have" "$here/prereqs.sh"
build_kube_if_needed
build_tools_if_needed
build_standins_if_needed
mkdir -p "$state/run"
[ -e "$state/../.gitignore" ] || echo '*' >"$state/../.gitignore"
exec {lock}>"$state/lock"
flock "$lock"
if running && pick_port && start_forward "$init_pid" && ready 5s 2>/dev/null; then
  echo "cluster '$name' is up already"
else
  "$here/down.sh" --name "$name" --quiet
  mkdir -p "$state/run"
  ln -s "$kube_dir" "$state/run/kube"
  pick_port
  write_files
  step "starting the control plane of cluster '$name'" start
  running || fail "the cluster ended at once; see $state/logs/init.log"
  step "waiting for the node and the name server" wait_for_node
fi
[ -n "$quiet" ] || "$here/env.sh" --name "$name"
