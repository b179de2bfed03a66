package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

// followUp is what a command does with the workflows that it has started.
type followUp struct {
	watch, wait, log bool
}

func (f *followUp) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "Show the workflow until it is over")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "Wait until the workflow is over; the exit code is its result")
	cmd.Flags().BoolVar(&f.log, "log", false, "Print the logs until the workflow is over")
	cmd.MarkFlagsMutuallyExclusive("watch", "wait", "log")
}

func (f *followUp) any() bool { return f.watch || f.wait || f.log }

// validate is called before anything is started.
func (f *followUp) validate(count int, dryRun dryRun, o *output) error {
	switch {
	case !f.any():
		return nil
	case dryRun != dryRunNone:
		return errors.New("with --dry-run nothing is started, so there is nothing to watch, wait for or read")
	case count > 1 && !f.wait:
		return errors.New("one workflow at a time can be watched; use --wait for several")
	case !o.isOwn() && !f.wait:
		return errors.New("--watch and --log print something else than --output asks for")
	}
	return nil
}

func (f *followUp) run(ctx context.Context, e *environment, c *client.Client, workflows []types.NamespacedName) error {
	switch {
	case len(workflows) == 0:
	case f.wait:
		return e.wait(ctx, c, workflows, false)
	case f.watch:
		_, err := watchWorkflow(ctx, c, picture{environment: e}, workflows[0].Namespace, workflows[0].Name)
		return err
	case f.log:
		return e.copyLog(ctx, c, workflows[0].Namespace, workflows[0].Name, v1alpha1.LogOptions{Follow: true, Prefix: true})
	}
	return nil
}
