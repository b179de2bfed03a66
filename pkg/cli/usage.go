package cli

import (
	"github.com/spf13/cobra"
)

// usage is how commands are described: examples before flags, and without the flags that all commands have.
const usage = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}{{if .Aliases}}

Aliases:
  {{.NameAndAliases}}{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$commands := .Commands}}{{if eq (len .Groups) 0}}

Commands:{{range $commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $commands}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if (and .HasParent .HasAvailableLocalFlags)}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} COMMAND --help" says more about a command.{{end}}

"{{.Root.DisplayName}} options" lists the flags that all commands have, such as -n and --context.
`

func newOptions() *cobra.Command {
	return &cobra.Command{
		Use:               "options",
		Short:             "List the flags that all commands have",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		Run: func(cmd *cobra.Command, _ []string) {
			cmd.Printf("All commands have these flags:\n\n%s", cmd.Root().PersistentFlags().FlagUsages())
		},
	}
}
