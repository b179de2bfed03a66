package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// Reference returns the description of all commands as Markdown: docs/cli.md, below its introduction.
func Reference() string {
	root := NewCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard}, clock.RealClock{})
	r := &reference{}
	r.index(root)
	for _, child := range root.Commands() {
		r.command(child)
	}
	r.printf("## Flags of all commands\n\n")
	r.flags(root.PersistentFlags())
	return r.text.String()
}

type reference struct{ text strings.Builder }

func (r *reference) printf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

// index lists the commands by their groups.
func (r *reference) index(root *cobra.Command) {
	r.printf("## Commands\n\n| | |\n|---|---|\n")
	for _, group := range root.Groups() {
		for _, cmd := range root.Commands() {
			if cmd.GroupID == group.ID && cmd.IsAvailableCommand() && cmd.Name() != "help" {
				r.printf("| [%s](#%s) | %s |\n", cmd.Name(), anchor(cmd), cmd.Short)
			}
		}
	}
	r.printf("\n")
}

// anchor is what Markdown makes of the heading of a command.
func anchor(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

func (r *reference) command(cmd *cobra.Command) {
	if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
		return
	}
	if cmd.HasAvailableSubCommands() {
		r.printf("## %s\n\n%s.\n\n", cmd.CommandPath(), cmd.Short)
		for _, child := range cmd.Commands() {
			r.command(child)
		}
		return
	}
	level := "##"
	if cmd.Parent().HasParent() {
		level = "###"
	}
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	// The parent's path is in front of the usage line, which names the binary rather than the plugin.
	r.printf("%s %s\n\n    %s\n\n%s\n\n", level, cmd.CommandPath(), cmd.UseLine(), about)
	if cmd.Example != "" {
		r.printf("%s\n\n", indented(cmd.Example))
	}
	if cmd.HasAvailableLocalFlags() {
		r.flags(cmd.LocalFlags())
	}
}

// indented makes an example, which is indented by two, a block.
func indented(example string) string {
	return "  " + strings.ReplaceAll(example, "\n", "\n  ")
}

func (r *reference) flags(flags *pflag.FlagSet) {
	r.printf("| flag | |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "allow-missing-template-keys" || f.Name == "show-managed-fields" || f.Name == "template" {
			return // kubectl's own, described once
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		about := strings.ReplaceAll(f.Usage, "|", "\\|")
		// Where the cache is depends on who reads this.
		switch {
		case f.DefValue == "" || f.DefValue == "false" || f.DefValue == "0" || f.DefValue == "[]" || f.Name == "cache-dir":
		default:
			about += " (default: `" + f.DefValue + "`)"
		}
		r.printf("| %s | %s |\n", name, about)
	})
	r.printf("\n")
}
