package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/logstream"
	"fairlead.dev/fairlead/pkg/cli/selection"
)

type logsOptions struct {
	*environment
	container  string
	follow     bool
	previous   bool
	since      selection.Age
	sinceTime  string
	tail       int64
	timestamps bool
	prefix     bool
	grep       string
	selector   string
}

func newLogs(e *environment) *cobra.Command {
	o := &logsOptions{environment: e}
	cmd := &cobra.Command{
		Use:   "logs WORKFLOW [POD|STEP]",
		Short: "Print the logs of a workflow, of a step or of a pod",
		Long: `Print the logs of all pods of a workflow, merged in the order of time; or of one pod; or of one step and all that is below
it, given by its display name, name or node ID.

With --follow the logs go on until the workflow is over, with pods that start later included. A connection that breaks is taken up
again where it ended.`,
		Example: `  # everything so far
  kubectl workflow logs hello-world-x7k2p
  # go on until the end
  kubectl workflow logs @latest -f
  # one step, and what is below it
  kubectl workflow logs big build
  # the last lines of every pod of a team
  kubectl workflow logs big -l team=web --tail 20
  # errors of the last ten minutes
  kubectl workflow logs big --since 10m --grep '(?i)error'`,
		Aliases:           []string{"log"},
		ValidArgsFunction: e.completeLogs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, cmd.Flags().Changed("tail"), cmd.Flags().Changed("prefix"))
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.follow, "follow", "f", false, "Go on until the workflow is over")
	flags.StringVarP(&o.container, "container", "c", "", "Only containers of this name (default: those that do the work)")
	flags.BoolVarP(&o.previous, "previous", "p", false, "Logs of the instances of containers before their restart")
	flags.Var(&o.since, "since", "Only what was logged within this time, such as 30s, 10m or 1d")
	flags.StringVar(&o.sinceTime, "since-time", "", "Only what was logged since this time, such as 2006-01-02T15:04:05Z")
	flags.Int64Var(&o.tail, "tail", 0, "Only the last so many lines of each container (default: all)")
	flags.BoolVar(&o.timestamps, "timestamps", false, "Print the time of each line")
	flags.BoolVar(&o.prefix, "prefix", true, "Print the name of the pod before each line (default: unless one pod is named)")
	flags.Lookup("prefix").DefValue = ""
	flags.StringVarP(&o.selector, "selector", "l", "", "Only pods with these labels")
	flags.StringVar(&o.grep, "grep", "", "Only lines that match this regular expression (RE2)")
	return cmd
}

func (o *logsOptions) run(ctx context.Context, args []string, tail, prefix bool) error {
	if len(args) == 0 || len(args) > 2 {
		return errors.New("name a workflow, and a pod or a step of it if you like; `kubectl workflow list` shows the workflows")
	}
	request, err := o.request(tail)
	if err != nil {
		return err
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	names, err := resolveNames(ctx, c, namespace, args[:1])
	if err != nil {
		return err
	}
	if len(args) == 2 {
		if err := narrow(ctx, c, namespace, names[0], args[1], request); err != nil {
			return err
		}
	}
	request.Prefix = o.prefix && (prefix || request.PodName == "")
	err = o.copyLog(ctx, c, namespace, names[0], *request)
	if request.PodName != "" && apierrors.IsNotFound(err) {
		return fmt.Errorf("workflow %q has no step %q, and no pod of that name (any more); `kubectl workflow get %s -o wide` shows what it has", names[0], args[1], names[0])
	}
	return err
}

func (o *logsOptions) request(tail bool) (*v1alpha1.LogOptions, error) {
	request := &v1alpha1.LogOptions{Container: o.container, Follow: o.follow, Previous: o.previous, Timestamps: o.timestamps, Grep: o.grep, Selector: o.selector}
	if _, err := labels.Parse(o.selector); err != nil {
		return nil, fmt.Errorf("--selector: %q is not of the form KEY=VALUE, KEY!=VALUE or KEY in (VALUE,...): %w", o.selector, err)
	}
	if _, err := regexp.Compile(o.grep); err != nil {
		return nil, fmt.Errorf("--grep: %w", err)
	}
	switch {
	case o.since > 0 && o.sinceTime != "":
		return nil, errors.New("give one of --since and --since-time")
	case o.since > 0:
		seconds := int64(max(1, (time.Duration(o.since)+time.Second-1)/time.Second))
		request.SinceSeconds = &seconds
	case o.sinceTime != "":
		at, err := time.Parse(time.RFC3339, o.sinceTime)
		if err != nil {
			return nil, fmt.Errorf("--since-time: %q is not a time such as 2006-01-02T15:04:05Z", o.sinceTime)
		}
		moment := metav1.NewTime(at)
		request.SinceTime = &moment
	}
	if tail {
		if o.tail < 0 {
			return nil, errors.New("--tail must not be negative")
		}
		request.TailLines = &o.tail
	}
	return request, nil
}

// narrow asks for one step, if the workflow has one of that name, else for the pod of that name.
func narrow(ctx context.Context, c *client.Client, namespace, name, what string, request *v1alpha1.LogOptions) error {
	header, err := c.Header(ctx, namespace, name)
	if err != nil {
		return err
	}
	nodes, err := c.NewNodes().Update(ctx, header)
	if err != nil {
		return err
	}
	if _, known := nodes[what]; known && what != name {
		request.NodeID = what
		return nil
	}
	var found []v1alpha1.NodeStatus
	for _, n := range nodes {
		switch what {
		case n.Name:
			request.NodeID = n.ID
			return nil
		case n.DisplayName:
			found = append(found, n)
		}
	}
	switch outer := outermost(found, nodes); len(outer) {
	case 0:
		request.PodName = what
	case 1:
		request.NodeID = outer[0].ID
	default:
		return fmt.Errorf("workflow %q has %d steps called %q; name one by its node ID, such as %s: `kubectl workflow get %s -o wide --node-field-selector displayName=%s` shows them",
			name, len(outer), what, outer[0].ID, name, what)
	}
	return nil
}

// outermost leaves out steps below others of the same name: the log of a step includes them.
func outermost(found []v1alpha1.NodeStatus, nodes map[string]v1alpha1.NodeStatus) []v1alpha1.NodeStatus {
	if len(found) < 2 {
		return found
	}
	names := map[string]bool{}
	for _, n := range found {
		names[n.ID] = true
	}
	var outer []v1alpha1.NodeStatus
	for _, n := range found {
		inside := false
		for id, steps := n.BoundaryID, 0; id != "" && steps < len(nodes) && !inside; steps++ {
			inside = names[id]
			id = nodes[id].BoundaryID
		}
		if !inside {
			outer = append(outer, n)
		}
	}
	return outer
}

// copyLog writes a log to standard output.
func (e *environment) copyLog(ctx context.Context, c *client.Client, namespace, name string, request v1alpha1.LogOptions) error {
	options := logstream.Options{
		Namespace: namespace, Name: name, Log: request, Clock: e.clock,
		Warn: func(message string) { e.warn("%s", message) },
	}
	if s := e.screen(); s.Colours {
		options.Tint, options.Mark = s.Tint, s.Strong
	}
	return logstream.Copy(ctx, c, e.Out, options)
}
