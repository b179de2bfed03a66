package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
)

// followUp is what a command does with the workflows that it has started.
type followUp struct {
	watch, wait, log bool
	// statuses and selector narrow what is drawn with watch.
	statuses []string
	selector string
}

func (f *followUp) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.watch, "watch", false, "Show the workflow until it is over")
	cmd.Flags().BoolVarP(&f.wait, "wait", "w", false, "Wait until the workflow is over; the exit code is its result")
	cmd.Flags().BoolVar(&f.log, "log", false, "Print the logs until the workflow is over")
	exclusive(cmd, "watch", "wait", "log")
}

// addNodeFlags adds flags that say which steps are drawn.
func (f *followUp) addNodeFlags(cmd *cobra.Command) {
	addNodeFlags(cmd, &f.statuses, &f.selector, "With --watch: only ")
}

func (f *followUp) any() bool { return f.watch || f.wait || f.log }

// validate is called before anything is started.
func (f *followUp) validate(count int, dryRun dryRun, o *output) error {
	switch {
	case !f.watch && (len(f.statuses) > 0 || f.selector != ""):
		return errors.New("--status and --node-field-selector say what --watch draws")
	case !f.any():
		return nil
	case dryRun != dryRunNone:
		return errors.New("with --dry-run nothing is started, so there is nothing to watch, wait for or read")
	case count > 1 && !f.wait:
		return errors.New("one workflow at a time can be watched; use --wait for several")
	case !o.isOwn() && !f.wait:
		return errors.New("--watch and --log print something else than --output asks for")
	}
	_, err := selection.Both(f.statuses, f.selector)
	return err
}

func (f *followUp) run(ctx context.Context, e *environment, c *client.Client, workflows []types.NamespacedName) error {
	switch {
	case len(workflows) == 0:
	case f.wait:
		return e.wait(ctx, c, workflows, false)
	case f.watch:
		keep, err := selection.Both(f.statuses, f.selector)
		if err != nil {
			return err
		}
		_, err = watchWorkflow(ctx, c, picture{environment: e, keep: keep}, workflows[0].Namespace, workflows[0].Name)
		return err
	case f.log:
		return e.copyLog(ctx, c, workflows[0].Namespace, workflows[0].Name, v1alpha1.LogOptions{Follow: true, Prefix: true})
	}
	return nil
}
