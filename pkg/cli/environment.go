package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/screen"
	"fairlead.dev/fairlead/pkg/cli/tree"
	"fairlead.dev/fairlead/pkg/version"
)

// environment is what all commands share: the user's kubeconfig, the terminal, the time.
type environment struct {
	genericiooptions.IOStreams
	clock  clock.WithTicker
	getenv func(string) string

	config   *genericclioptions.ConfigFlags
	apiGroup string
	noColour bool
	verbose  int
	ascii    bool
	instance *client.Instance

	// Made when first needed: help, completion scripts and offline lint must not ask for a cluster.
	connected *client.Client
	out       *screen.Screen
}

func newEnvironment(streams genericiooptions.IOStreams, c clock.WithTicker) *environment {
	e := &environment{IOStreams: streams, clock: c, getenv: os.Getenv, config: genericclioptions.NewConfigFlags(true)}
	e.config.WrapConfigFn = func(config *rest.Config) *rest.Config {
		config.UserAgent = "kubectl-workflow/" + version.Version
		config.QPS = -1
		config.WarningHandler = rest.NewWarningWriter(e.ErrOut, rest.WarningWriterOptions{Deduplicate: true, Color: e.screen().Colours})
		return config
	}
	return e
}

// addFlags adds the flags that all commands have.
func (e *environment) addFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	e.config.AddFlags(flags)
	flags.StringVar(&e.apiGroup, "api-group", e.getenv(v1alpha1.GroupNameEnv), "API group that the cluster serves workflows under; found by itself when empty")
	flags.BoolVar(&e.noColour, "no-color", false, "Print without colors; the environment variable NO_COLOR does the same")
	flags.IntVarP(&e.verbose, "v", "v", 0, "Tell of requests on standard error: 6 of each, 8 with what is in them")
	flags.BoolVar(&e.ascii, "no-utf8", false, "Draw with ASCII characters only")
	if id := e.getenv("ARGO_INSTANCEID"); id != "" {
		e.instance = &client.Instance{ID: id}
	}
	flags.Var(instanceFlag{&e.instance}, "instanceid", "Only objects of the controller with this instance ID; what is created becomes its own. Given empty: of the one without an ID. The environment variable ARGO_INSTANCEID does the same (default: of all)")
}

// logRequests has the libraries log what they do. Unless asked for they keep still: what matters of it comes back as an error.
func (e *environment) logRequests() error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	klog.LogToStderr(false)
	if e.verbose <= 0 {
		klog.SetOutput(io.Discard)
		return flags.Set("stderrthreshold", "FATAL")
	}
	klog.SetOutput(e.ErrOut)
	return flags.Set("v", strconv.Itoa(e.verbose))
}

// screen is standard output.
func (e *environment) screen() *screen.Screen {
	if e.out == nil {
		e.out = screen.New(e.Out, e.noColour, e.getenv)
	}
	return e.out
}

// namespace is the one of the flag, or of the kubeconfig's context.
func (e *environment) namespace() (string, error) {
	namespace, _, err := e.config.ToRawKubeConfigLoader().Namespace()
	return namespace, err
}

// scope is the namespace to look in, or empty for all.
func (e *environment) scope(allNamespaces bool) (string, error) {
	if allNamespaces {
		return "", nil
	}
	return e.namespace()
}

// client connects to the cluster.
func (e *environment) client() (*client.Client, error) {
	if e.connected != nil {
		return e.connected, nil
	}
	config, err := e.config.ToRESTConfig()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) || errors.Is(err, clientcmd.ErrEmptyCluster) {
			return nil, fmt.Errorf("no cluster is configured: set KUBECONFIG, or give --kubeconfig or --server (%w)", err)
		}
		return nil, err
	}
	d, err := e.discovery()
	if err != nil {
		return nil, err
	}
	gv, err := client.FindGroup(d, e.apiGroup)
	if err != nil {
		return nil, err
	}
	if e.connected, err = client.New(config, gv, e.clock); err != nil {
		return nil, err
	}
	e.connected.Instance = e.instance
	return e.connected, nil
}

// instanceFlag is an instance ID, of which the empty one is something else than none.
type instanceFlag struct{ instance **client.Instance }

// String implements pflag.Value.
func (f instanceFlag) String() string { return "" }

// Type implements pflag.Value.
func (f instanceFlag) Type() string { return "string" }

// Set implements pflag.Value.
func (f instanceFlag) Set(id string) error {
	if problems := validation.IsValidLabelValue(id); len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	*f.instance = &client.Instance{ID: id}
	return nil
}

func (e *environment) discovery() (discovery.CachedDiscoveryInterface, error) {
	return e.config.ToDiscoveryClient()
}

// drawing is how trees are drawn on standard output now.
func (e *environment) drawing() tree.Options {
	return tree.Options{Now: e.clock.Now(), ASCII: e.ascii, Width: e.screen().Width(), Paint: e.screen().Paint}
}

// warn tells the user of something that does not stop the command.
func (e *environment) warn(format string, args ...any) {
	fmt.Fprintf(e.ErrOut, "Warning: "+format+"\n", args...)
}

// printf writes to standard output.
func (e *environment) printf(format string, args ...any) { fmt.Fprintf(e.Out, format, args...) }

// errorf writes a line to standard error, where it is in nobody's way.
func (e *environment) errorf(format string, args ...any) { fmt.Fprintf(e.ErrOut, format+"\n", args...) }
