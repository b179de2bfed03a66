package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// exitInterrupted is what shells expect of a program that was interrupted.
const exitInterrupted = 130

// Main runs the plugin with these arguments and returns its exit code: 0 when all went well, 1 after an error or when a
// workflow that was waited for failed.
func Main(ctx context.Context, args []string, streams genericiooptions.IOStreams, c clock.WithTicker) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := NewCommand(streams, c)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	var failed *failure
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &failed):
		return 1 // what failed was said already
	}
	fmt.Fprintln(streams.ErrOut, "Error:", explain(err))
	return 1
}

// NewCommand returns the plugin's command with all commands below it.
func NewCommand(streams genericiooptions.IOStreams, c clock.WithTicker) *cobra.Command {
	return newCommand(newEnvironment(streams, c))
}

func newCommand(e *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kubectl-workflow",
		Short: "Submit, watch and steer workflows",
		Long: `Submit, watch and steer workflows.

Everything goes through the Kubernetes API with the rights that your kubeconfig gives you; each verb is a right of its own, such
as create on workflows/retry. Where a workflow is asked for, @latest means the newest one of the namespace.`,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl workflow"},
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return e.logRequests() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	cmd.SetIn(e.In)
	cmd.SetOut(e.Out)
	cmd.SetErr(e.ErrOut)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\nSee '%s --help'", err, cmd.CommandPath())
	})
	e.addFlags(cmd)
	e.completeConnection(cmd)
	for _, group := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"look", "Look:", []*cobra.Command{newList(e), newGet(e), newWatch(e), newLogs(e), newWait(e), newArtifacts(e)}},
		{"run", "Run:", []*cobra.Command{newSubmit(e), newLint(e), newPlan(e), newRetry(e), newResubmit(e)}},
		{"steer", "Steer:", []*cobra.Command{newSuspend(e), newResume(e), newStop(e), newTerminate(e), newNode(e), newDelete(e)}},
		{"kinds", "Templates and schedules:", []*cobra.Command{newTemplate(e), newClusterTemplate(e), newCron(e), newConvert(e)}},
		{"other", "Other:", []*cobra.Command{newCompletion(e), newOptions(), newVersion(e)}},
	} {
		cmd.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, child := range group.commands {
			child.GroupID = group.id
			gather(child)
			cmd.AddCommand(child)
		}
	}
	gather(cmd)
	cmd.SetHelpCommandGroupID("other")
	cmd.SetUsageTemplate(usage)
	return cmd
}

// failure is an error that has been shown already.
type failure struct{ reason string }

// Error implements error.
func (f *failure) Error() string { return f.reason }
