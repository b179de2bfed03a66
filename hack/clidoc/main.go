// Command clidoc prints docs/cli.md: how to get the kubectl plugin, and what its commands say about themselves.
package main

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/cli"
)

const introduction = `# kubectl workflow

<!-- Written by hack/clidoc from the commands themselves: make generate -->

The plugin does what kubectl alone does not: it draws a workflow as a tree and follows it live, merges logs, submits files with
parameters, retries, waits, lints. It uses your kubeconfig and your rights and nothing else; there is no server besides the
Kubernetes API. It finds by itself under which API group the cluster serves workflows.

## Installation

    make plugin                                       # writes _output/bin/kubectl-workflow
    install _output/bin/kubectl-workflow /usr/local/bin/
    kubectl workflow version

kubectl takes any program in PATH whose name begins with ` + "`kubectl-`" + ` for a plugin. For completion behind ` + "`kubectl workflow`" + `:

    kubectl workflow completion kubectl > /usr/local/bin/kubectl_complete-workflow
    chmod +x /usr/local/bin/kubectl_complete-workflow

Without ` + "`make`" + `, ` + "`go install fairlead.dev/fairlead/cmd/kubectl-workflow`" + ` from the checkout puts it into Go's bin directory.

## A first look

    $ kubectl workflow submit artifacts/examples/steps.yaml --watch
    Name:            steps-45jds
    Namespace:       default
    Status:          Running
    Created:         2026-11-23T06:21:45Z (6s ago)
    Started:         2026-11-23T06:21:45Z (6s ago)
    Duration:        6s
    Progress:        ▕████████░░░░░░░░░░░░░░░░▏ 33%, 1 of 3

    STEP           TEMPLATE  DURATION  MESSAGE
    ● steps-45jds  main      6s
    ├─✔ prepare    say       4s
    └┬● left       say       1s
     └● right      say       1s

Where a workflow is asked for, ` + "`@latest`" + ` is the newest of the namespace, and names may be as ` + "`-o name`" + ` prints them, so that
` + "`kubectl workflow submit build.yaml -o name | xargs kubectl workflow wait`" + ` works.

## For scripts

- ` + "`-o json|yaml|name|jsonpath=...`" + ` are the same as kubectl's, and print what the server sent; commands with ` + "`-o`" + ` also
  have kubectl's ` + "`--template`, `--allow-missing-template-keys` and `--show-managed-fields`" + `. Trees and tables are for people.
- Colours and redrawing are for terminals only. ` + "`NO_COLOR`" + ` and ` + "`--no-color`" + ` switch colours off, ` + "`--no-utf8`" + ` all that is not ASCII.
- Results go to standard output; errors, warnings and remarks go to standard error.
- The exit code is 0 when all went well and 1 otherwise; ` + "`wait`" + ` and ` + "`--wait`" + ` also give 1 when a workflow did not succeed, ` + "`lint`" + ` when there is
  a mistake. 130 means interrupted. ` + "`--watch`, `watch`" + ` and ` + "`--log`" + ` do not reflect how the workflow ended.

## Coming from argo

Commands and flags have the names that the argo command gives them, and ` + "`-w`" + ` of submit, retry and resubmit is ` + "`--wait`" + ` there and here. What is different:

| argo | here |
|---|---|
| ` + "`submit --dry-run -o yaml`" + ` | ` + "`submit --dry-run=client -o yaml`" + `; without a value it is ` + "`server`" + ` |
| ` + "`submit --server-dry-run`" + ` | the same, or ` + "`--dry-run=server`" + ` |
| ` + "`lint`" + `, which asks the cluster | ` + "`lint --dry-run=server`" + `; without it no cluster is asked, as with ` + "`--offline`" + ` |
| ` + "`cp WORKFLOW DIR`" + ` | ` + "`artifacts cp WORKFLOW DIR`" + ` |
| ` + "`cluster-template`" + ` | ` + "`clustertemplate`" + `; the other name works as well |
| ` + "`server`, `auth token`, `-s`, `--argo-http1`" + ` | not needed: everything is in the Kubernetes API; ` + "`kubectl create token`" + ` makes tokens |
| ` + "`archive`, `sync`, `executor-plugin build`" + ` | not there |

`

func main() {
	fmt.Print(introduction + cli.Reference())
}
