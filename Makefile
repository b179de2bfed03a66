# Thin on purpose: every target is one script or one go command. `make help` lists them.
#
# CGO_ENABLED=0 and -trimpath are also the flags of the Kubernetes build in hack/cluster. As both modules hold the
# same versions of what they share, one Go build cache then serves both.
export CGO_ENABLED ?= 0
export GOFLAGS ?= -trimpath -buildvcs=false

# Name of the local cluster that cluster-up and cluster-down mean. Tests and benchmarks use clusters of their own.
CLUSTER ?= demo

# Packages whose correctness depends on goroutines; `make race` runs their tests under the race detector.
RACE_PACKAGES ?= ./pkg/controller/... ./pkg/registry/... ./pkg/storage/... ./pkg/apiserver/... ./test/integration/...

.DEFAULT_GOAL := help

.PHONY: demo
demo: ## Cluster, installation and a first workflow, on this machine (or in the cluster of KUBECONFIG)
	@hack/demo.sh

.PHONY: test
test: ## All tests: unit, integration, and end to end on a cluster that is started for it and taken down
	@hack/test.sh unit integration e2e

.PHONY: unit
unit: ## Tests that need nothing but Go (import boundaries and manifests included)
	@hack/test.sh unit

.PHONY: integration
integration: ## The API server in process, with its embedded etcd
	@hack/test.sh integration

.PHONY: e2e
e2e: ## Tests on a real cluster: the local one, or that of KUBECONFIG (images then need IMAGE_PREFIX)
	@hack/test.sh e2e

.PHONY: conformance
conformance: ## Public example manifests on a real cluster, compared with what the reference makes of them
	@hack/conformance.sh

.PHONY: race
race: ## Unit and integration tests of the concurrent packages under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race $(RACE_PACKAGES)

.PHONY: cgroup2
cgroup2: ## What a container's end looks like on cgroup v2, in a virtual machine, for machines that have cgroup v1
	@hack/cgroup2.sh

.PHONY: bench
bench: ## Benchmarks: prints tables, writes JSON to _output/bench
	@hack/bench.sh

.PHONY: lint
lint: ## golangci-lint, built once from the pinned version in hack/tools/lint
	@hack/lint.sh

.PHONY: generate
generate: ## Rewrite generated code (deepcopy, defaults, OpenAPI, clients) and docs/cli.md
	@hack/update-codegen.sh
	@hack/update-reference.sh

.PHONY: verify
verify: ## Fail when generated code, modules or formatting are stale
	@hack/verify.sh

.PHONY: plugin
plugin: ## Build the kubectl plugin, _output/bin/kubectl-workflow, and say how to install it
	@hack/plugin.sh

.PHONY: images
images: ## Build the Fairlead image and the stand-in images of the local cluster
	@hack/cluster/images.sh

.PHONY: cluster-up
cluster-up: ## Start a local Kubernetes cluster (CLUSTER=name), print how to use it
	@hack/cluster/up.sh --name $(CLUSTER)

.PHONY: cluster-down
cluster-down: ## Take that cluster down; nothing of it stays on the machine
	@hack/cluster/down.sh --name $(CLUSTER)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
