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

## For scripts

- ` + "`-o json|yaml|name|jsonpath=...`" + ` are the same as kubectl's, and print what the server sent; commands with ` + "`-o`" + ` also
  have kubectl's ` + "`--template`, `--allow-missing-template-keys` and `--show-managed-fields`" + `. Trees and tables are for people.
- Colours and redrawing are for terminals only. ` + "`NO_COLOR`" + ` and ` + "`--no-color`" + ` switch colours off, ` + "`--no-utf8`" + ` all that is not ASCII.
- Results go to standard output; errors, warnings and remarks go to standard error.
- The exit code is 0 when all went well and 1 otherwise; ` + "`wait`" + ` and ` + "`--wait`" + ` also give 1 when a workflow did not succeed, ` + "`lint`" + ` when there is
  a mistake. 130 means interrupted. ` + "`--watch`" + ` and ` + "`--log`" + ` do not reflect how the workflow ended.

`

func main() {
	fmt.Print(introduction + cli.Reference())
}
