package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

func newCron(e *environment) *cobra.Command {
	g := &kindGroup{environment: e, kind: "CronWorkflow", resource: client.CronWorkflows, use: "cron", noun: "cron workflow"}
	g.describe = g.describeCron
	cmd := g.command("cronworkflow", "cwf")
	cmd.AddCommand(
		g.cronVerb("suspend", "suspended", "Keep cron workflows from creating workflows", func(gv string) any {
			body := &v1alpha1.SuspendOptions{}
			body.APIVersion, body.Kind = gv, "SuspendOptions"
			return body
		}),
		g.cronVerb("resume", "resumed", "Let suspended cron workflows create workflows again", func(gv string) any {
			body := &v1alpha1.ResumeOptions{}
			body.APIVersion, body.Kind = gv, "ResumeOptions"
			return body
		}),
		newBackfill(g),
	)
	return cmd
}

func (g *kindGroup) cronVerb(name, done, short string, body func(gv string) any) *cobra.Command {
	o := newOutput(done)
	var try dryRun
	cmd := &cobra.Command{
		Use: name + " NAME...", Short: short, Args: arguments(1, 0, "cron workflows; `kubectl workflow cron list` shows which there are"),
		Example:           "  kubectl workflow cron " + name + " nightly",
		ValidArgsFunction: g.completeNames(g.resource, 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := g.connect()
			if err != nil {
				return err
			}
			names, err := bareNames(g.resource, args)
			if err != nil {
				return err
			}
			return g.each(names, func(cron string) error {
				object, err := c.Do(cmd.Context(), g.resource, namespace, cron, name, body(c.GroupVersion.String()), try == dryRunServer)
				if err != nil {
					return err
				}
				return o.print(g.environment, object, try.remark())
			})
		},
	}
	addDryRunFlag(cmd, &try, "")
	o.addFlags(cmd)
	return cmd
}

func (g *kindGroup) describeCron(object *unstructured.Unstructured) {
	cron := &v1alpha1.CronWorkflow{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, cron); err != nil {
		g.warn("%s: %v", object.GetName(), err)
	}
	g.describeMeta(object)
	g.field("Schedules", strings.Join(cron.Spec.Schedules, "; "))
	g.field("Timezone", cron.Spec.Timezone)
	g.field("When", cron.Spec.When)
	g.field("Suspended", fmt.Sprint(cron.Spec.Suspend))
	g.field("Phase", string(cron.Status.Phase))
	g.field("Concurrency", string(cron.Spec.ConcurrencyPolicy))
	if last := cron.Status.LastScheduledTime; last != nil {
		g.field("Last scheduled", fmt.Sprintf("%s (%s ago)", last.UTC().Format(time.RFC3339), duration.HumanDuration(max(0, g.clock.Since(last.Time)))))
	}
	if cron.Status.Succeeded+cron.Status.Failed > 0 {
		g.field("Results", fmt.Sprintf("%d succeeded, %d failed", cron.Status.Succeeded, cron.Status.Failed))
	}
	var active []string
	for _, ref := range cron.Status.Active {
		active = append(active, ref.Name)
	}
	g.field("Active", strings.Join(active, ", "))
	for _, c := range cron.Status.Conditions {
		if c.Status == metav1.ConditionTrue {
			g.field(string(c.Type), c.Message)
		}
	}
	g.describeSpec(&cron.Spec.WorkflowSpec)
}

type backfillOptions struct {
	*kindGroup
	start, end, name, argument string
	parallel, most             int32
	dryRun                     dryRun
}

func newBackfill(g *kindGroup) *cobra.Command {
	o := &backfillOptions{kindGroup: g}
	cmd := &cobra.Command{
		Use:   "backfill NAME",
		Short: "Create the workflows that a cron workflow would have created",
		Long: `Create a workflow for every time between --start and --end at which the schedules of a cron workflow would have created one, unless
it is there. The scheduled time is given to each in a parameter.

With --parallel only so many of them are unfinished at any time: the command goes on until all are created. It may be interrupted and
given again.`,
		Example:           `  kubectl workflow cron backfill nightly --start 2026-01-01T00:00:00Z --end 2026-01-31T23:59:59Z --parallel 2`,
		Args:              arguments(1, 1, "a cron workflow; `kubectl workflow cron list` shows which there are"),
		ValidArgsFunction: g.completeNames(g.resource, 1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.start, "start", "", "First time to consider, such as 2006-01-02T15:04:05Z or 2006-01-02; required")
	flags.StringVar(&o.end, "end", "", "Last time to consider (default: now)")
	flags.StringVar(&o.name, "name", "", "Name of the backfill, part of the names of its workflows (default: backfill)")
	flags.StringVar(&o.argument, "argname", "", "Parameter that gets the scheduled time (default: cronScheduleTime)")
	flags.Int32Var(&o.parallel, "parallel", 0, "How many of the workflows may be unfinished at once; 0: all")
	flags.Int32Var(&o.most, "maxworkflowcount", 0, "Refuse when there are more times than this (default: 1000)")
	addDryRunFlag(cmd, &o.dryRun, "")
	return cmd
}

// backfillPause is how long to wait before asking again whether there is room for more.
const backfillPause = 3 * time.Second

func (o *backfillOptions) run(ctx context.Context, cron string) error {
	start, err := parseDay("--start", o.start)
	if err != nil {
		return err
	}
	end := o.clock.Now()
	if o.end != "" {
		if end, err = parseDay("--end", o.end); err != nil {
			return err
		}
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	body := &v1alpha1.BackfillOptions{
		Start: metav1.NewTime(start), End: metav1.NewTime(end), Name: o.name, ArgName: o.argument, Parallelism: o.parallel, MaxWorkflows: o.most,
	}
	body.APIVersion, body.Kind = c.GroupVersion.String(), "BackfillOptions"
	told := map[string]bool{}
	for {
		answer, err := c.Do(ctx, client.CronWorkflows, namespace, cron, "backfill", body, o.dryRun == dryRunServer)
		if err != nil {
			return err
		}
		result := &v1alpha1.BackfillResult{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(answer.Object, result); err != nil {
			return err
		}
		o.tell(c.GroupVersion.Group, result, told)
		if result.Remaining == 0 || o.dryRun == dryRunServer {
			if len(result.Workflows) == 0 {
				o.errorf("The schedules have no time between %s and %s.", start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
			}
			return nil
		}
		timer := o.clock.NewTimer(backfillPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C():
		}
	}
}

// tell prints each workflow once, with the time that it stands for.
func (o *backfillOptions) tell(group string, result *v1alpha1.BackfillResult, told map[string]bool) {
	for _, workflow := range result.Workflows {
		if told[workflow.Name] {
			continue
		}
		told[workflow.Name] = true
		what := "created"
		if !workflow.Created {
			what = "unchanged"
		}
		o.printf("workflow.%s/%s %s for %s%s\n", group, workflow.Name, what, workflow.ScheduledTime.UTC().Format(time.RFC3339), o.dryRun.remark())
	}
}

// parseDay reads a time or a day, which begins at midnight UTC.
func parseDay(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, errors.New(flag + " is required, such as 2006-01-02T15:04:05Z or 2006-01-02")
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, time.RFC1123Z, time.RFC1123} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: %q is not a time such as 2006-01-02T15:04:05Z or 2006-01-02", flag, text)
}
