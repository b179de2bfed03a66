package resource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/kubectl/pkg/cmd/apply"
	"k8s.io/kubectl/pkg/cmd/create"
	cmddelete "k8s.io/kubectl/pkg/cmd/delete"
	"k8s.io/kubectl/pkg/cmd/get"
	"k8s.io/kubectl/pkg/cmd/patch"
	"k8s.io/kubectl/pkg/cmd/replace"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

// Kubectl runs commands of kubectl within this process, with the credentials of the pod.
type Kubectl struct {
	// Temp is a directory for what discovery finds.
	Temp string
	// Config changes the client's configuration; nil: it stays as the pod's.
	Config func(*rest.Config) *rest.Config
	// Stderr gets warnings.
	Stderr io.Writer
}

// fatalError is what kubectl would have said before it ended.
type fatalError string

// Run runs one command and returns what it prints. The error's text is kubectl's.
func (k *Kubectl) Run(args []string) (out []byte, err error) {
	flags := genericclioptions.NewConfigFlags(true).WithDiscoveryBurst(300).WithDiscoveryQPS(50)
	cache := filepath.Join(k.Temp, "discovery")
	flags.CacheDir = &cache
	if k.Config != nil {
		flags = flags.WithWrapConfigFn(k.Config)
	}
	var stdout bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &stdout, ErrOut: k.Stderr}
	factory := cmdutil.NewFactory(cmdutil.NewMatchVersionFlags(flags))

	root := &cobra.Command{Use: "kubectl", SilenceUsage: true, SilenceErrors: true}
	flags.AddFlags(root.PersistentFlags())
	root.SetOut(k.Stderr)
	root.SetErr(k.Stderr)
	root.AddCommand(
		get.NewCmdGet("kubectl", factory, streams),
		create.NewCmdCreate(factory, streams),
		apply.NewCmdApply("kubectl", factory, streams),
		cmddelete.NewCmdDelete(factory, streams),
		replace.NewCmdReplace(factory, streams),
		patch.NewCmdPatch(factory, streams),
	)
	root.SetArgs(args)

	// kubectl ends the process from wherever it notices that it cannot go on.
	cmdutil.BehaviorOnFatal(func(message string, _ int) { panic(fatalError(message)) })
	defer cmdutil.DefaultBehaviorOnFatal()
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case fatalError:
			err = errors.New(strings.TrimSpace(string(cause)))
		default:
			panic(cause)
		}
	}()
	if err := root.Execute(); err != nil {
		return nil, fmt.Errorf("error: %w", err)
	}
	return stdout.Bytes(), nil
}

// arguments is the command line for what a template asks for (TPL-03). The manifest is in a file; it is empty when flags name
// the object.
func arguments(r *step, file string, manifest []byte) []string {
	args := []string{r.Action}
	output, named := "json", false
	switch r.Action {
	case "delete":
		args = append(args, "--ignore-not-found")
		output = "name"
	case "patch":
		strategy := r.MergeStrategy
		if strategy == "" {
			strategy = "strategic"
		}
		args = append(args, "--type", strategy, "--patch-file", file)
		// A patch that is no object on its own is for the one that the flags name.
		named = strategy == "json" || len(r.Flags) > 0 && kindOf(manifest) == ""
	}
	args = append(args, r.Flags...)
	if len(manifest) > 0 && !named {
		args = append(args, "-f", file)
	}
	return append(args, "-o", output)
}

// writeManifest puts the manifest where messages of kubectl about it are known to say that it is.
func writeManifest(dir string, manifest []byte) (string, error) {
	file := filepath.Join(dir, "manifest.yaml")
	return file, os.WriteFile(file, manifest, 0o600)
}
