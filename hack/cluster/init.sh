#!/usr/bin/env bash
# Process 1 of a cluster's pid namespace: prepares the namespaces that up.sh made, starts every component, starts again
# what ends, and collects orphans. When it is killed, every process, mount and interface of the cluster goes with it.
#
# up.sh gives: state, kube_dir, tools_dir, images_dir, name, node, port, cgroup, node_ip, service_cidr, pod_cidr,
# registry_addr, containerd_dir (may be empty). Everything is found under /run/fairlead, as /run and /var/lib are this namespace's own from here on.
set -euo pipefail
export PATH=/run/fairlead/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /
in=/run/fairlead

# --- files -----------------------------------------------------------------------------------------------------------
# All that the node writes goes to memory and ends with the namespace. /run, /tmp and /var/lib exist on every machine, so that
# no empty directory is left behind as a mount point. Mounts made from here on are shared with pods, not with the machine.
mount_private() {
  mkdir -p "$state/run/mnt"
  mount -t tmpfs -o mode=755 tmpfs "$state/run/mnt"
  mkdir -p "$state"/run/mnt/{lock,netns,containerd,cni,fairlead/{state,images,kube,tools,containerd,bin,sys,logs}}
  mount --bind "$state" "$state/run/mnt/fairlead/state"
  mount --bind "$images_dir" "$state/run/mnt/fairlead/images"
  mount --bind "$kube_dir" "$state/run/mnt/fairlead/kube"
  mount --bind "$tools_dir" "$state/run/mnt/fairlead/tools"
  [ -z "$containerd_dir" ] || mount --bind "$containerd_dir" "$state/run/mnt/fairlead/containerd"
  # (-n: there is no mount table of user space to keep in the new /run)
  mount -n --move "$state/run/mnt" /run
  mount -t tmpfs -o mode=755 tmpfs /var/lib
  mount -t tmpfs -o mode=755 tmpfs /var/log
  # Persistent volumes are directories below /tmp: that is where the controller manager's own provisioner puts them.
  mount -t tmpfs -o mode=1777 tmpfs /tmp
  mkdir -p /var/lib/{kubelet,containerd,cni,etcd,fairlead} /var/log/{pods,containers}
  # Logs of pods outlive the cluster. Volumes of hostPath /var/lib/fairlead are on disk: a database that syncs is to pay for it.
  mkdir -p $in/state/logs/pods $in/state/data
  mount --bind $in/state/logs/pods /var/log/pods
  mount --bind $in/state/data /var/lib/fairlead
  mount --make-rshared /
  ln -s $in/kube/* $in/tools/* $in/bin/
  [ -z "$containerd_dir" ] || ln -s $in/containerd/* $in/bin/
}

# The kubelet sets some sysctls of the whole machine. It is shown files that already hold what it wants.
fake_sysctls() {
  local s file
  for s in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    [ -e "/proc/sys/${s%=*}" ] || continue
    file="$in/sys/$(tr / - <<<"${s%=*}")"
    echo "${s#*=}" >"$file"
    mount --bind "$file" "/proc/sys/${s%=*}"
  done
}

name_files() {
  hostname "$node"
  printf '127.0.0.1 localhost\n%s %s\n' "$node_ip" "$node" >$in/hosts
  mount --bind $in/hosts /etc/hosts
  printf 'search svc.cluster.local cluster.local\nnameserver %s\noptions ndots:5\n' "$node_ip" >$in/resolv.conf
  [ ! -f /etc/resolv.conf ] || mount --bind $in/resolv.conf "$(readlink -f /etc/resolv.conf)" || true
  : >$in/empty-resolv.conf
}

# --- network ---------------------------------------------------------------------------------------------------------
# Nothing leads out of this namespace. node0 carries the node's address and a default route, as a connection to a
# service address needs a route before kube-proxy turns it to a pod.
network() {
  ip link set lo up
  ip link add name node0 type veth peer name node0peer
  ip addr add "$node_ip/24" dev node0
  ip link set node0 up
  ip link set node0peer up
  ip route add default via "${node_ip%.*}.1" dev node0
  echo 1 >/proc/sys/net/ipv4/ip_forward
  if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
  fi
}

# --- cgroups ---------------------------------------------------------------------------------------------------------
# Pods live under one cgroup named after the cluster; down.sh removes it.
cgroups() {
  local dir f
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$cgroup"
    for dir in /sys/fs/cgroup "/sys/fs/cgroup/$cgroup"; do
      for f in cpuset cpu io memory hugetlb pids; do
        ! grep -qw "$f" "$dir/cgroup.controllers" || echo "+$f" >"$dir/cgroup.subtree_control" ||
          echo "cgroup controller $f cannot be given to the groups of $dir"
      done
    done
    return
  fi
  # Version 1. With version 2 mounted beside it without controllers, as systemd does, runtimes may take the machine for
  # version 2: that mount is taken away, here only.
  umount /sys/fs/cgroup/unified 2>/dev/null || true
  for dir in /sys/fs/cgroup/*/; do
    [ -e "$dir/cgroup.procs" ] || continue
    mkdir -p "$dir$cgroup"
    for f in cpuset.cpus cpuset.mems; do
      [ ! -e "$dir$f" ] || cat "$dir$f" >"$dir$cgroup/$f"
    done
  done
}

# --- processes -------------------------------------------------------------------------------------------------------
# keep NAME COMMAND...: runs it for as long as the cluster lives, its output in logs/NAME.log.
keep() {
  local what="$1"
  shift
  (
    set +e
    while :; do
      "$@" >>"$in/state/logs/$what.log" 2>&1 </dev/null
      echo "$(date +%T) $what ended with $?; starting it again"
      sleep 1
    done
  ) &
}

pki=$in/state/pki
conf=$in/state/conf
api="https://127.0.0.1:$port"

kubeconfigs() { # USER: the three flags by which a component of the control plane knows the API server
  printf -- '--kubeconfig=%s --authentication-kubeconfig=%s --authorization-kubeconfig=%s' "$pki/$1.kubeconfig" "$pki/$1.kubeconfig" "$pki/$1.kubeconfig"
}

control_plane() {
  # The data is in memory, so there is nothing to sync.
  keep etcd etcd --name "$name" --data-dir /var/lib/etcd/data --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster "$name=http://127.0.0.1:2380" \
    --quota-backend-bytes 4294967296 --auto-compaction-mode periodic --auto-compaction-retention 10m
  # shellcheck disable=SC2086  # the caller's flags are words
  keep kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --secure-port="$port" --bind-address=0.0.0.0 --advertise-address="$node_ip" --service-cluster-ip-range="$service_cidr" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement --allow-privileged=true \
    --client-ca-file=$pki/ca.crt --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key \
    --kubelet-certificate-authority=$pki/ca.crt --kubelet-client-certificate=$pki/apiserver-kubelet-client.crt \
    --kubelet-client-key=$pki/apiserver-kubelet-client.key --kubelet-preferred-address-types=InternalIP,Hostname \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file=$pki/sa.pub --service-account-signing-key-file=$pki/sa.key \
    --requestheader-client-ca-file=$pki/front-proxy-ca.crt --requestheader-allowed-names=front-proxy-client \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group --requestheader-username-headers=X-Remote-User \
    --proxy-client-cert-file=$pki/front-proxy-client.crt --proxy-client-key-file=$pki/front-proxy-client.key --enable-aggregator-routing=true \
    --max-requests-inflight=1000 --max-mutating-requests-inflight=500 --profiling=false ${FAIRLEAD_APISERVER_FLAGS:-}
}

managers() {
  # shellcheck disable=SC2046
  keep kube-controller-manager kube-controller-manager $(kubeconfigs controller-manager) \
    --bind-address=127.0.0.1 --leader-elect=false --resource-quota-sync-period=10s --use-service-account-credentials=true \
    --service-account-private-key-file=$pki/sa.key --root-ca-file=$pki/ca.crt \
    --cluster-signing-cert-file=$pki/ca.crt --cluster-signing-key-file=$pki/ca.key \
    --flex-volume-plugin-dir=/var/lib/kubelet/volume-plugins --allocate-node-cidrs=false --cluster-cidr="$pod_cidr" --service-cluster-ip-range="$service_cidr" \
    --enable-hostpath-provisioner=true --kube-api-qps=200 --kube-api-burst=400 --profiling=false
  # shellcheck disable=SC2046
  keep kube-scheduler kube-scheduler $(kubeconfigs scheduler) \
    --bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=500 --kube-api-burst=1000 --profiling=false
}

node_components() {
  keep kubelet kubelet --config=$conf/kubelet.yaml --kubeconfig=$pki/kubelet.kubeconfig --hostname-override="$node" \
    --node-ip="$node_ip" --root-dir=/var/lib/kubelet --v="${FAIRLEAD_KUBELET_V:-1}"
  # In a network namespace the machine-wide connection tracking limits cannot be written: 0 leaves them alone.
  keep kube-proxy kube-proxy --kubeconfig=$pki/kube-proxy.kubeconfig --hostname-override="$node" --proxy-mode=nftables \
    --cluster-cidr="$pod_cidr" --bind-address="$node_ip" \
    --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s
  keep coredns coredns -conf $conf/Corefile
}

mount_private
fake_sysctls
name_files
network
cgroups
touch $in/state/run/prepared
control_plane
keep registry clustertool registry -addr "$registry_addr" $in/state/images $in/images
keep containerd containerd --config $conf/containerd.toml
until clustertool ready -server "$api" -ca $pki/ca.crt -timeout 10s; do sleep 0.2; done
managers
until ctr -a /run/containerd/containerd.sock version >/dev/null 2>&1; do sleep 0.1; done
node_components
set +e
while :; do wait; done
