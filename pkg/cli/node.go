package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func newNode(e *environment) *cobra.Command {
	cmd := &cobra.Command{Use: "node", Short: "Change suspended steps"}
	cmd.AddCommand(newNodeSet(e))
	return cmd
}

func newNodeSet(e *environment) *cobra.Command {
	var selector, phase, message string
	var outputs []string
	v := &verb{environment: e, name: "set", done: "set", body: func(gv schema.GroupVersion) (any, error) {
		switch {
		case selector == "":
			return nil, errors.New("--node-field-selector says which waiting suspend steps to change, such as displayName=approve")
		case phase == "" && message == "" && len(outputs) == 0:
			return nil, errors.New("give at least one of --phase, --message and --output-parameter")
		}
		body := &v1alpha1.SetOptions{NodeFieldSelector: selector, Message: message}
		for _, known := range []v1alpha1.NodePhase{v1alpha1.NodeSucceeded, v1alpha1.NodeFailed, v1alpha1.NodeError} {
			if strings.EqualFold(phase, string(known)) {
				body.Phase = known
			}
		}
		if phase != "" && body.Phase == "" {
			return nil, fmt.Errorf("--phase: %q is not one of Succeeded, Failed and Error", phase)
		}
		for _, pair := range outputs {
			name, value, found := strings.Cut(pair, "=")
			if !found || name == "" {
				return nil, fmt.Errorf("--output-parameter: %q is not of the form NAME=VALUE", pair)
			}
			if body.OutputParameters == nil {
				body.OutputParameters = map[string]v1alpha1.AnyString{}
			}
			body.OutputParameters[name] = v1alpha1.AnyString(value)
		}
		body.APIVersion, body.Kind = gv.String(), "SetOptions"
		return body, nil
	}}
	cmd := v.newVerb("set WORKFLOW...")
	cmd.Short = "End waiting suspend steps, or give them outputs or a message"
	cmd.Long = "End waiting suspend steps, or give them outputs or a message. --node-field-selector says which. " + selectorHelp
	cmd.Example = `  kubectl workflow node set deploy-x7k2p --node-field-selector displayName=approve -p approved=yes
  kubectl workflow node set deploy-x7k2p --node-field-selector displayName=approve --phase failed -m "not today"`
	flags := cmd.Flags()
	v.pickNodes(cmd, &selector, "Which waiting suspend steps; required")
	flags.StringVar(&phase, "phase", "", "How they end: Succeeded, Failed or Error (default: they go on waiting)")
	_ = cmd.RegisterFlagCompletionFunc("phase", fixed("succeeded", "failed", "error"))
	flags.StringVarP(&message, "message", "m", "", "Their message")
	flags.StringArrayVarP(&outputs, "output-parameter", "p", nil, "Output parameter as NAME=VALUE, declared with valueFrom.supplied; may be given several times")
	return cmd
}
