package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/tree"
)

func newWait(e *environment) *cobra.Command {
	var t targets
	var ignoreNotFound bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait WORKFLOW...",
		Short: "Wait until workflows are over",
		Long: `Wait until workflows are over, and print how each ended. The exit code is 0 when all succeeded, and 1 when one failed, ended
in error, does not exist or was deleted.`,
		Example: `  kubectl workflow wait hello-world-x7k2p && echo well done
  kubectl workflow submit build.yaml test.yaml -o name | xargs kubectl workflow wait
  kubectl workflow wait -l build=42 --timeout 1h`,
		ValidArgsFunction: e.completeNames(client.Workflows, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := e.connect()
			if err != nil {
				return err
			}
			names, err := t.names(cmd.Context(), c, namespace, args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, timeout, errTimeout)
				defer cancel()
			}
			return e.wait(ctx, c, inNamespace(namespace, names...), ignoreNotFound)
		},
	}
	t.addFlags(cmd)
	cmd.Flags().BoolVar(&ignoreNotFound, "ignore-not-found", false, "Take a workflow that does not exist, or is deleted, for one that succeeded")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "Wait no longer than this, such as 30m (default: without limit)")
	return cmd
}

var errTimeout = errors.New("timed out")

// inNamespace are workflows of one namespace.
func inNamespace(namespace string, names ...string) []types.NamespacedName {
	workflows := make([]types.NamespacedName, len(names))
	for i, name := range names {
		workflows[i] = types.NamespacedName{Namespace: namespace, Name: name}
	}
	return workflows
}

// wait waits for workflows, all at once, and prints how each ended. It fails when one did not succeed.
func (e *environment) wait(ctx context.Context, c *client.Client, workflows []types.NamespacedName, ignoreNotFound bool) error {
	results := make([]error, len(workflows))
	// Names say enough as long as all are in one namespace.
	apart := slices.ContainsFunc(workflows, func(w types.NamespacedName) bool { return w.Namespace != workflows[0].Namespace })
	var mu sync.Mutex
	var group sync.WaitGroup
	for i, workflow := range workflows {
		group.Go(func() {
			ended, err := awaitEnd(ctx, c, workflow.Namespace, workflow.Name)
			title := workflow.Name
			if apart {
				title = workflow.String()
			}
			mu.Lock()
			defer mu.Unlock()
			results[i] = e.reportEnd(title, ended, err, ignoreNotFound)
		})
	}
	group.Wait()
	bad := 0
	for _, err := range results {
		if err != nil {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	if context.Cause(ctx) != nil && !errors.Is(context.Cause(ctx), errTimeout) {
		return context.Cause(ctx)
	}
	return &failure{fmt.Sprintf("%d of %d workflows did not succeed", bad, len(workflows))}
}

func (e *environment) reportEnd(name string, ended *v1alpha1.Workflow, err error, ignoreNotFound bool) error {
	switch {
	case ignoreNotFound && (apierrors.IsNotFound(err) || client.IsGone(err)):
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		e.errorf("Error: workflow %s is not over, and the time is", name)
		return err
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		e.errorf("Error: %s", explain(err))
		return err
	}
	status := &ended.Status
	line := fmt.Sprintf("%s %s at %s", name, e.screen().Paint(tree.PhaseStyle(status.Phase), string(status.Phase)), status.FinishedAt.UTC().Format(time.RFC3339))
	if status.Phase != v1alpha1.WorkflowSucceeded && status.Message != "" {
		line += ": " + status.Message
	}
	e.printf("%s\n", line)
	if status.Phase != v1alpha1.WorkflowSucceeded {
		return &failure{name + " did not succeed"}
	}
	return nil
}

// awaitEnd returns the workflow when it is over.
func awaitEnd(ctx context.Context, c *client.Client, namespace, name string) (*v1alpha1.Workflow, error) {
	var ended *v1alpha1.Workflow
	err := c.Follow(ctx, namespace, name, func(header *v1alpha1.Workflow) (bool, error) {
		ended = header
		return header.Status.Phase.Completed(), nil
	})
	return ended, err
}
