package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
)

type listOptions struct {
	*environment
	output        *output
	filter        selection.Workflows
	targets       targets
	allNamespaces bool
	noHeaders     bool
	showLabels    bool
	chunkSize     int64
}

func newList(e *environment) *cobra.Command {
	o := &listOptions{environment: e, output: newOutput("", wide)}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List workflows",
		Long:    "List workflows: those that are not over first, and of each kind the newest first.",
		Example: `  # the workflows of the namespace
  kubectl workflow list
  # what failed during the last day, in all namespaces
  kubectl workflow list -A --status failed,error --since 1d
  # names for a script
  kubectl workflow list --running -o name`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Of all namespaces")
	addFilterFlags(cmd, &o.filter)
	flags.Var(&o.filter.Since, "since", "Only those created within this time, such as 10m, 3h or 1d")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "Print no line of titles")
	flags.BoolVar(&o.showLabels, "show-labels", false, "Print the labels as well")
	flags.Int64Var(&o.chunkSize, "chunk-size", chunkSize, "How many workflows to read with one request; 0: all")
	o.targets.addFlags(cmd)
	o.output.addFlags(cmd)
	return cmd
}

// addFilterFlags adds the filters that list and delete have in common.
func addFilterFlags(cmd *cobra.Command, filter *selection.Workflows) {
	flags := cmd.Flags()
	flags.StringSliceVar(&filter.Statuses, "status", nil, "Only those in one of these phases: pending, running, succeeded, failed, error")
	flags.BoolVar(&filter.Completed, "completed", false, "Only those that are over")
	flags.BoolVar(&filter.Running, "running", false, "Only those that are not over")
	flags.BoolVar(&filter.Resubmitted, "resubmitted", false, "Only those that were made by resubmit")
	flags.StringVar(&filter.Prefix, "prefix", "", "Only those whose name begins with this")
	flags.Var(&filter.Older, "older", "Only those that have been over for longer than this, such as 10m, 3h or 1d")
	_ = cmd.RegisterFlagCompletionFunc("status", fixed("pending", "running", "succeeded", "failed", "error"))
}

func (o *listOptions) run(ctx context.Context) error {
	if err := o.filter.Validate(); err != nil {
		return err
	}
	if err := o.targets.validate(); err != nil {
		return err
	}
	c, err := o.client()
	if err != nil {
		return err
	}
	scope, err := o.scope(o.allNamespaces)
	if err != nil {
		return err
	}
	request := client.ListOptions{
		LabelSelector: o.filter.Selector(o.targets.labels), FieldSelector: o.targets.fields,
		ChunkSize: o.chunkSize, Whole: o.filter.NeedsStatus(),
	}
	if !o.output.isOwn() {
		return o.objects(ctx, c, scope, request)
	}
	table, err := c.Table(ctx, client.Workflows, scope, request)
	if err != nil {
		return err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return err
	}
	now := o.clock.Now()
	rows = slices.DeleteFunc(rows, func(r tableRow) bool { return !o.filter.Keep(&r.meta, r.status.FinishedAt.Time, now) })
	slices.SortStableFunc(rows, func(a, b tableRow) int { return byUrgency(&a.meta, &b.meta) })
	if len(rows) == 0 {
		o.nothing(scope)
		return nil
	}
	o.printColumns(o.workflowRows(table, rows))
	return nil
}

func (o *listOptions) nothing(scope string) {
	switch {
	case !o.filter.Empty() || o.targets != targets{} || o.instance != nil:
		o.errorf("No workflow matches.")
	case scope == "":
		o.errorf("There is no workflow in any namespace.")
	default:
		o.errorf("There is no workflow in namespace %s.", scope)
	}
}

// objects prints whole objects, as they are in lists.
func (o *listOptions) objects(ctx context.Context, c *client.Client, scope string, request client.ListOptions) error {
	list, err := c.List(ctx, client.Workflows, scope, request)
	if err != nil {
		return err
	}
	now := o.clock.Now()
	list.Items = slices.DeleteFunc(list.Items, func(item unstructured.Unstructured) bool {
		text, _, _ := unstructured.NestedString(item.Object, "status", "finishedAt")
		finished, _ := time.Parse(time.RFC3339, text)
		return !o.filter.Keep(&item, finished, now)
	})
	slices.SortStableFunc(list.Items, func(a, b unstructured.Unstructured) int { return byUrgency(&a, &b) })
	return o.output.print(o.environment, list, "")
}

// labelled is what sorting looks at.
type labelled interface {
	metaObject
	GetLabels() map[string]string
}

// byUrgency orders unfinished workflows before finished ones, and newer ones before older ones.
func byUrgency(a, b labelled) int {
	over := func(o labelled) int {
		if o.GetLabels()[v1alpha1.LabelKeyCompleted] == "true" {
			return 1
		}
		return 0
	}
	return cmp.Or(over(a)-over(b), byAge(a, b))
}
