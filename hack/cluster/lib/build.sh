# shellcheck shell=bash
# Builds the cluster's programs into the cache, each under a key of what it is made from, so that nothing is built
# twice on one machine, whatever checkout asks. To be sourced after names.sh and steps.sh.
#   build_kube_if_needed     sets kube_dir, with kube and a link to it for each component
#   build_tools_if_needed    sets tools_dir, with clustertool, pause and coredns

# The flags are those of the product's own build: packages both need are compiled once.
export CGO_ENABLED=0
export PATH="$PATH:/usr/local/go/bin"
go_flags=(-trimpath -buildvcs=false)
components=(etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl)

# kube_ldflags: what Kubernetes' own build sets, without which it calls itself v0.0.0-master.
kube_ldflags() {
  local version minor p flags="-s -w"
  version="$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' "$here/kube/go.mod")"
  minor="${version#v1.}"
  for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $p.gitVersion=$version -X $p.gitMajor=1 -X $p.gitMinor=${minor%%.*} -X $p.gitTreeState=clean"
  done
  printf '%s' "$flags"
}

# key FILE... -- WORD...: a short hash of the files' contents, the words, and the Go that is in use.
key() {
  local files=()
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  { cat "${files[@]}" && printf '%s\n' "$@" && go env GOVERSION GOARCH; } | sha256sum | cut -c 1-16
}

# build_into DIR FUNCTION: runs FUNCTION with an empty directory and renames it to DIR when it succeeded. Several
# processes may ask at once: one builds, the others wait.
build_into() {
  local dir="$1" lock tmp
  [ ! -d "$dir" ] || return 0
  mkdir -p "$(dirname "$dir")"
  exec {lock}>"$(dirname "$dir")/.lock"
  flock -n "$lock" || {
    echo "        waiting for another build into $(dirname "$dir")"
    flock "$lock"
  }
  if [ ! -d "$dir" ]; then
    tmp="$dir.partial"
    rm -rf "$tmp" && mkdir -p "$tmp"
    "$2" "$tmp"
    mv "$tmp" "$dir"
  fi
  exec {lock}>&-
}

# go_build MODULE-DIR LDFLAGS OUTPUT PACKAGE
go_build() {
  (cd "$1" && patiently "$3.log" go build -v "${go_flags[@]}" -ldflags "$2" -o "$3" "$4")
  rm -f "$3.log"
}

build_kube() {
  local c
  go_build "$here/kube" "$(kube_ldflags)" "$1/kube" .
  for c in "${components[@]}"; do ln -s kube "$1/$c"; done
}

build_tools() {
  go_build "$here/tools" "-s -w" "$1/clustertool" .
  go_build "$here/tools" "-s -w" "$1/pause" ./pause
  go_build "$here/dns" "-s -w" "$1/coredns" .
}

build_tools_if_needed() {
  local from
  mapfile -t from < <(find "$here/tools" "$here/dns" -name '*.go' ! -name '*_test.go' | sort)
  from+=("$here/tools/go.mod" "$here/dns/go.mod" "$here/dns/go.sum")
  tools_dir="$cache/tools/$(key "${from[@]}" -- "${go_flags[*]}")"
  [ -d "$tools_dir" ] || step "building the cluster's tools and its name server" build_into "$tools_dir" build_tools
}

build_kube_if_needed() {
  local from=("$here/kube/main.go" "$here/kube/go.mod" "$here/kube/go.sum")
  kube_dir="$cache/kube/$(key "${from[@]}" -- "${go_flags[*]} $(kube_ldflags)")"
  [ -d "$kube_dir" ] || step "building Kubernetes from source (the first time: about 13 minutes on two idle cores)" build_into "$kube_dir" build_kube
}
