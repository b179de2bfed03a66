// Command clustertool holds what a local cluster needs beside Kubernetes itself:
// certificates, container images and a registry for them, and a way in.
// It uses the standard library only.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
)

// command is one of clustertool's subcommands. Its run function parses its own
// arguments and returns an error that is shown to a person as it is.
type command struct {
	name string
	does string
	run  func(args []string) error
}

var commands = []command{
	{"certs", "write the certificates, keys and kubeconfigs of a cluster", runCerts},
	{"image", "add an image made of one directory to a store", runImage},
	{"export", "write an image of a store as an OCI archive", runExport},
	{"registry", "serve the images of one or more stores, read only", runRegistry},
	{"forward", "listen here and connect from inside another network namespace", runForward},
	{"ready", "wait until an API server says that it is ready", runReady},
}

func main() {
	if len(os.Args) > 1 {
		at := slices.IndexFunc(commands, func(c command) bool { return c.name == os.Args[1] })
		if at >= 0 {
			if err := commands[at].run(os.Args[2:]); err != nil && !errors.Is(err, flag.ErrHelp) {
				fmt.Fprintf(os.Stderr, "clustertool %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
		fmt.Fprintf(os.Stderr, "clustertool: there is no command %q\n", os.Args[1])
	}
	fmt.Fprintln(os.Stderr, "usage: clustertool COMMAND [-flag value ...]; -help after a command lists its flags")
	for _, c := range commands {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", c.name, c.does)
	}
	os.Exit(2)
}

// newFlags makes the flag set of a command; required flags are checked by need.
func newFlags(name string) *flag.FlagSet {
	return flag.NewFlagSet("clustertool "+name, flag.ContinueOnError)
}

// need returns an error that names the first of the flags that was left empty.
func need(fs *flag.FlagSet, names ...string) error {
	for _, n := range names {
		if fs.Lookup(n).Value.String() == "" {
			return fmt.Errorf("-%s is required", n)
		}
	}
	return nil
}
