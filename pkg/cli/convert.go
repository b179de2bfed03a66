package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"fairlead.dev/fairlead/pkg/cli/manifest"
)

func newConvert(e *environment) *cobra.Command {
	o := newOutput("")
	o.flags = genericclioptions.NewPrintFlags("").WithDefaultOutput("yaml")
	cmd := &cobra.Command{
		Use:   "convert FILE...",
		Short: "Bring older manifests up to date",
		Long: `Print manifests with lists where older ones have a single value: schedules of cron workflows instead of schedule, mutexes and
semaphores of synchronization instead of mutex and semaphore. Everything else, objects of other kinds included, is printed as it
is, though without comments. What was changed is said on standard error. No cluster is asked.`,
		Example: `  kubectl workflow convert nightly.yaml > nightly.new.yaml
  kubectl workflow convert nightly.yaml | kubectl apply -f -`,
		Args:              arguments(1, 0, "files, or - for standard input"),
		ValidArgsFunction: manifests,
		RunE:              func(cmd *cobra.Command, args []string) error { return e.convert(cmd.Context(), args, o) },
	}
	o.addFlags(cmd)
	return cmd
}

func (e *environment) convert(ctx context.Context, sources []string, o *output) error {
	reader := manifest.Reader{In: e.In, Directories: true}
	documents, err := reader.Read(ctx, sources)
	if err != nil {
		return err
	}
	if len(documents) == 0 {
		return noneIn("object", sources)
	}
	printer, err := o.flags.ToPrinter()
	if err != nil {
		return err
	}
	for _, d := range documents {
		if d.IsWorkflowAPI(e.apiGroup) {
			changed, err := manifest.Convert(d.Object)
			if err != nil {
				return fmt.Errorf("%s: %w", d, err)
			}
			if len(changed) > 0 {
				e.errorf("%s: changed %s", d, strings.Join(changed, ", "))
			}
		}
		if err := printer.PrintObj(d.Object, e.Out); err != nil {
			return err
		}
	}
	return nil
}
