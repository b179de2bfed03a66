package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
)

type deleteOptions struct {
	*environment
	filter         selection.Workflows
	targets        targets
	all            bool
	allNamespaces  bool
	dryRun         dryRun
	force          bool
	ignoreNotFound bool
	chunkSize      int64
}

func newDelete(e *environment) *cobra.Command {
	o := &deleteOptions{environment: e}
	cmd := &cobra.Command{
		Use:   "delete [WORKFLOW...]",
		Short: "Delete workflows with their pods",
		Long:  `Delete workflows, and with them their pods. Which ones is said by names, or by filters, or by --all.`,
		Example: `  kubectl workflow delete hello-world-x7k2p
  # what succeeded and has been over for more than a week
  kubectl workflow delete --status succeeded --older 7d
  # what would be deleted?
  kubectl workflow delete --completed -A --dry-run=client`,
		ValidArgsFunction: e.completeNames(client.Workflows, 0),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.all, "all", false, "All workflows of the namespace")
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Look in all namespaces")
	addFilterFlags(cmd, &o.filter)
	o.targets.addFlags(cmd)
	flags.BoolVar(&o.force, "force", false, "Remove finalizers first: nothing is cleaned up any more, such as artifacts")
	flags.BoolVar(&o.ignoreNotFound, "ignore-not-found", false, "It is no error when a workflow does not exist")
	flags.Int64Var(&o.chunkSize, "query-chunk-size", chunkSize, "How many workflows to read with one request; 0: all")
	addDryRunFlag(cmd, &o.dryRun, "only print which would be deleted")
	return cmd
}

// doomed is a workflow that will be deleted.
type doomed struct{ namespace, name, uid string }

func (o *deleteOptions) run(ctx context.Context, args []string) error {
	filtered := !o.filter.Empty() || o.targets != targets{}
	switch {
	case o.all && len(args) > 0:
		return errors.New("--all leaves nothing to name: give names or --all")
	case filtered && len(args) > 0:
		return errBoth
	case o.allNamespaces && len(args) > 0:
		return errors.New("a name is looked up in one namespace: leave out --all-namespaces, or the names")
	case len(args) == 0 && !filtered && !o.all:
		return errors.New("name a workflow, pick some with filters such as --completed or --older 7d, or say --all")
	}
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
	if len(args) > 0 {
		names, err := resolveNames(ctx, c, scope, args)
		if err != nil {
			return err
		}
		list := make([]doomed, len(names))
		for i, name := range names {
			list[i] = doomed{namespace: scope, name: name}
		}
		return o.deleteAll(ctx, c, list)
	}
	list, err := o.pick(ctx, c, scope)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		o.errorf("No workflow matches.")
		return nil
	}
	return o.deleteAll(ctx, c, list)
}

func (o *deleteOptions) pick(ctx context.Context, c *client.Client, scope string) ([]doomed, error) {
	table, err := c.Table(ctx, client.Workflows, scope, client.ListOptions{
		LabelSelector: o.filter.Selector(o.targets.labels), FieldSelector: o.targets.fields, ChunkSize: o.chunkSize, Whole: o.filter.NeedsStatus(),
	})
	if err != nil {
		return nil, err
	}
	rows, err := rowsOf(table)
	if err != nil {
		return nil, err
	}
	var list []doomed
	now := o.clock.Now()
	for _, r := range rows {
		if o.filter.Keep(&r.meta, r.status.FinishedAt.Time, now) {
			// The UID sees to it that one which takes the name meanwhile is not deleted in its place.
			list = append(list, doomed{r.meta.Namespace, r.meta.Name, string(r.meta.UID)})
		}
	}
	return list, nil
}

func (o *deleteOptions) deleteAll(ctx context.Context, c *client.Client, list []doomed) error {
	failed := 0
	for _, d := range list {
		err := o.deleteOne(ctx, c, d)
		switch {
		case err == nil:
			where := ""
			if o.allNamespaces {
				where = " in namespace " + d.namespace
			}
			o.printf("workflow %q deleted%s%s\n", d.name, where, o.dryRun.remark())
		case apierrors.IsNotFound(err) && (o.ignoreNotFound || d.uid != ""):
		case len(list) == 1:
			return err
		default:
			failed++
			o.errorf("Error: %s", explain(err))
		}
	}
	if failed > 0 {
		return &failure{fmt.Sprintf("%d of %d workflows could not be deleted", failed, len(list))}
	}
	return nil
}

func (o *deleteOptions) deleteOne(ctx context.Context, c *client.Client, d doomed) error {
	if o.dryRun == dryRunClient {
		if d.uid != "" {
			return nil
		}
		_, err := c.Header(ctx, d.namespace, d.name)
		return err
	}
	try := o.dryRun == dryRunServer
	if d.uid == "" {
		var err error
		if d.uid, err = c.Own(ctx, client.Workflows, d.namespace, d.name); err != nil {
			return err
		}
	}
	if o.force {
		patch := []byte(`{"metadata":{"finalizers":null}}`)
		if d.uid != "" {
			patch = fmt.Appendf(nil, `{"metadata":{"finalizers":null,"uid":%q}}`, d.uid)
		}
		if _, err := c.Patch(ctx, client.Workflows, d.namespace, d.name, patch, try); err != nil {
			return err
		}
	}
	return c.Delete(ctx, client.Workflows, d.namespace, d.name, d.uid, try)
}
