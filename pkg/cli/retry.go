package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

func newRetry(e *environment) *cobra.Command {
	var parameters []string
	var restart bool
	var selector string
	v := &verb{environment: e, name: "retry", done: "retried", follow: &followUp{}, body: func(gv schema.GroupVersion) (any, error) {
		if restart != (selector != "") {
			return nil, errors.New("--restart-successful and --node-field-selector go together: the selector says which succeeded steps run again")
		}
		given, err := manifest.Parameters(parameters, "", nil)
		if err != nil {
			return nil, err
		}
		body := &v1alpha1.RetryOptions{RestartSuccessful: restart, NodeFieldSelector: selector, Parameters: given}
		body.APIVersion, body.Kind = gv.String(), "RetryOptions"
		return body, nil
	}}
	cmd := v.newVerb("retry WORKFLOW...")
	cmd.Short = "Let failed workflows go on from what failed"
	cmd.Long = "Let workflows that failed go on: what failed runs again, what succeeded stays. With --restart-successful the succeeded steps that\n" +
		"--node-field-selector picks run again too, with all that comes after them. " + selectorHelp + "\n\n" +
		"With --dry-run=server nothing is stored, and warnings say what would run again."
	cmd.Example = `  kubectl workflow retry hello-world-x7k2p --watch
  # what would run again?
  kubectl workflow retry big --dry-run=server
  # once more from one step on, with another parameter
  kubectl workflow retry build-42 --restart-successful --node-field-selector displayName=test -p level=debug`
	flags := cmd.Flags()
	flags.StringArrayVarP(&parameters, "parameter", "p", nil, "New value of a parameter of the workflow, as NAME=VALUE; may be given several times")
	flags.BoolVar(&restart, "restart-successful", false, "Run the steps picked by --node-field-selector again although they succeeded")
	v.pickNodes(cmd, &selector, "Which succeeded steps to run again, such as displayName=test")
	return cmd
}

func newResubmit(e *environment) *cobra.Command {
	var parameters []string
	var memoized bool
	var priority int32
	var name string
	var cmd *cobra.Command
	v := &verb{environment: e, name: "resubmit", done: "created", follow: &followUp{}, body: func(gv schema.GroupVersion) (any, error) {
		given, err := manifest.Parameters(parameters, "", nil)
		if err != nil {
			return nil, err
		}
		body := &v1alpha1.ResubmitOptions{Memoized: memoized, Parameters: given, Name: name}
		if cmd.Flags().Changed("priority") {
			body.Priority = &priority
		}
		body.APIVersion, body.Kind = gv.String(), "ResubmitOptions"
		return body, nil
	}}
	cmd = v.newVerb("resubmit WORKFLOW...")
	cmd.Short = "Create new workflows from old ones"
	cmd.Long = "Create new workflows with the spec, labels and annotations of old ones. With --memoized the new workflow takes over what succeeded in\n" +
		"the old one, which must have failed, instead of running it again."
	cmd.Example = `  kubectl workflow resubmit hello-world-x7k2p --log
  kubectl workflow resubmit @latest --memoized -p message=again`
	flags := cmd.Flags()
	flags.StringArrayVarP(&parameters, "parameter", "p", nil, "New value of a parameter of the workflow, as NAME=VALUE; may be given several times")
	flags.BoolVar(&memoized, "memoized", false, "Take over what succeeded")
	flags.Int32Var(&priority, "priority", 0, "Priority among waiting workflows; higher goes first")
	flags.StringVar(&name, "name", "", "Name of the new workflow (default: a generated one)")
	return cmd
}
