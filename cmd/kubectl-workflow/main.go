// Command kubectl-workflow is the kubectl plugin: in PATH, it is `kubectl workflow`.
package main

import (
	"context"
	"os"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/cli"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	os.Exit(cli.Main(context.Background(), os.Args[1:], streams, clock.RealClock{}))
}
