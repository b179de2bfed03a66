package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// kubectlCompletion is the program that kubectl asks what may follow `kubectl workflow`.
const kubectlCompletion = `#!/bin/sh
# kubectl asks this program, found in PATH as kubectl_complete-workflow, what may follow "kubectl workflow".
exec kubectl-workflow __complete "$@"
`

func newCompletion(_ *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "completion kubectl|bash|zsh|fish|powershell",
		Short: "Print what completes the command line",
		Long: `Print what completes the command line in a shell.

"kubectl" is for the plugin: with the program that it prints in PATH, under the name kubectl_complete-workflow, the completion of
kubectl itself goes on behind "kubectl workflow", in every shell. The others are for the program under its own name.`,
		Example: `  kubectl workflow completion kubectl > /usr/local/bin/kubectl_complete-workflow && chmod +x /usr/local/bin/kubectl_complete-workflow
  source <(kubectl-workflow completion bash)`,
		ValidArgs: []string{"kubectl", "bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(arguments(1, 1, "a shell: kubectl, bash, zsh, fish or powershell"), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			_, err := fmt.Fprint(out, kubectlCompletion)
			return err
		},
	}
}
