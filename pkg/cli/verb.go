package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
)

// verb is a command that has a subresource of workflows do something.
type verb struct {
	*environment
	// name is the subresource, done what is printed behind the name of a workflow.
	name, done string
	// body makes the options to send.
	body    func(gv schema.GroupVersion) (any, error)
	targets targets
	output  *output
	dryRun  dryRun
	// follow, unless nil, is what to do afterwards.
	follow *followUp
}

// pickNodes adds --node-field-selector.
func (v *verb) pickNodes(cmd *cobra.Command, selector *string, usage string) {
	cmd.Flags().StringVar(selector, "node-field-selector", "", usage)
	_ = cmd.RegisterFlagCompletionFunc("node-field-selector", v.completeNodeSelector)
	before(cmd, func() error {
		_, err := selection.Nodes(*selector)
		return err
	})
}

// newVerb returns the command; the caller adds texts and flags of its own.
func (v *verb) newVerb(use string) *cobra.Command {
	v.output = newOutput(v.done)
	cmd := &cobra.Command{
		Use:               use,
		ValidArgsFunction: v.completeNames(client.Workflows, 0),
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.targets.addFlags(cmd)
	addDryRunFlag(cmd, &v.dryRun, "")
	if v.follow != nil {
		v.follow.addFlags(cmd)
	}
	v.output.addFlags(cmd)
	return cmd
}

func (v *verb) run(ctx context.Context, args []string) error {
	c, namespace, err := v.connect()
	if err != nil {
		return err
	}
	body, err := v.body(c.GroupVersion)
	if err != nil {
		return err
	}
	names, err := v.targets.names(ctx, c, namespace, args)
	if err != nil {
		return err
	}
	if v.follow != nil {
		if err := v.follow.validate(len(names), v.dryRun, v.output); err != nil {
			return err
		}
	}
	var started []string
	err = v.each(names, func(name string) error {
		workflow, err := c.Do(ctx, client.Workflows, namespace, name, v.name, body, v.dryRun == dryRunServer)
		if err != nil {
			return err
		}
		started = append(started, workflow.GetName())
		return v.output.print(v.environment, workflow, v.dryRun.remark())
	})
	if err != nil || v.follow == nil {
		return err
	}
	return v.follow.run(ctx, v.environment, c, inNamespace(namespace, started...))
}

const selectorHelp = `Fields are displayName, id, name, templateName, phase, templateRef.name, templateRef.template and
inputs.parameters.NAME.value; operators are =, == and !=, and a comma means "and".`

func newSuspend(e *environment) *cobra.Command {
	v := &verb{environment: e, name: "suspend", done: "suspended", body: func(gv schema.GroupVersion) (any, error) {
		body := &v1alpha1.SuspendOptions{}
		body.APIVersion, body.Kind = gv.String(), "SuspendOptions"
		return body, nil
	}}
	cmd := v.newVerb("suspend WORKFLOW...")
	cmd.Short = "Keep workflows from starting new steps"
	cmd.Long = "Keep workflows from starting new steps. Steps that run go on; `kubectl workflow resume` lets the workflow go on."
	cmd.Example = "  kubectl workflow suspend hello-world-x7k2p\n  kubectl workflow suspend -l team=web"
	return cmd
}

func newResume(e *environment) *cobra.Command {
	var selector string
	v := &verb{environment: e, name: "resume", done: "resumed", body: func(gv schema.GroupVersion) (any, error) {
		body := &v1alpha1.ResumeOptions{NodeFieldSelector: selector}
		body.APIVersion, body.Kind = gv.String(), "ResumeOptions"
		return body, nil
	}}
	cmd := v.newVerb("resume WORKFLOW...")
	cmd.Short = "Let suspended workflows go on"
	cmd.Long = "Let suspended workflows go on: the workflow as a whole and all its waiting suspend steps, or only the waiting steps that\n" +
		"--node-field-selector picks. " + selectorHelp
	cmd.Example = `  kubectl workflow resume deploy-x7k2p
  kubectl workflow resume deploy-x7k2p --node-field-selector displayName=approve`
	v.pickNodes(cmd, &selector, "Only the waiting suspend steps that this picks")
	return cmd
}

func newStop(e *environment) *cobra.Command {
	var selector, message string
	v := &verb{environment: e, name: "stop", done: "stopped", body: func(gv schema.GroupVersion) (any, error) {
		if message != "" && selector == "" {
			return nil, fmt.Errorf("--message is for the steps that --node-field-selector picks")
		}
		body := &v1alpha1.StopOptions{NodeFieldSelector: selector, Message: message}
		body.APIVersion, body.Kind = gv.String(), "StopOptions"
		return body, nil
	}}
	cmd := v.newVerb("stop WORKFLOW...")
	cmd.Short = "End workflows, running their exit handlers"
	cmd.Long = "End workflows: running steps are stopped, exit handlers still run, and the workflow ends as Failed. With --node-field-selector only\n" +
		"the waiting suspend steps that it picks fail, and the workflow goes on from there. " + selectorHelp
	cmd.Example = `  kubectl workflow stop hello-world-x7k2p
  kubectl workflow stop deploy-x7k2p --node-field-selector displayName=approve --message "not today"`
	v.pickNodes(cmd, &selector, "Fail only the waiting suspend steps that this picks")
	cmd.Flags().StringVarP(&message, "message", "m", "", "Message of these steps")
	return cmd
}

func newTerminate(e *environment) *cobra.Command {
	v := &verb{environment: e, name: "terminate", done: "terminated", body: func(gv schema.GroupVersion) (any, error) {
		body := &v1alpha1.TerminateOptions{}
		body.APIVersion, body.Kind = gv.String(), "TerminateOptions"
		return body, nil
	}}
	cmd := v.newVerb("terminate WORKFLOW...")
	cmd.Short = "End workflows at once, without exit handlers"
	cmd.Long = "End workflows at once: all pods end, no exit handler runs, and the workflow ends as Failed. It may follow a stop."
	cmd.Example = "  kubectl workflow terminate hello-world-x7k2p\n  kubectl workflow terminate -l build=42"
	return cmd
}
