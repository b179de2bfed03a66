package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/version"
)

// versions is what the command prints.
type versions struct {
	// Client is the version of this program.
	Client string `json:"client"`
	// API is the group and version that the cluster serves workflows under.
	API string `json:"api,omitempty"`
	// Kubernetes is the version of the cluster.
	Kubernetes string `json:"kubernetes,omitempty"`
}

func newVersion(e *environment) *cobra.Command {
	var clientOnly, number bool
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the plugin, of the workflow API and of the cluster",
		Example: `  kubectl workflow version
  kubectl workflow version --client`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			v := versions{Client: version.Version}
			if number {
				e.printf("%s\n", v.Client)
				return nil
			}
			if !clientOnly {
				c, err := e.client()
				if err != nil {
					return err
				}
				d, err := e.discovery()
				if err != nil {
					return err
				}
				server, err := d.ServerVersion()
				if err != nil {
					return err
				}
				v.API, v.Kubernetes = c.GroupVersion.String(), server.GitVersion
			}
			return v.print(e, format)
		},
	}
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Only that of the plugin; no cluster is needed")
	cmd.Flags().BoolVar(&number, "short", false, "Only the version of the plugin, and nothing else in the line")
	cmd.Flags().StringVarP(&format, "output", "o", "", "Output format. One of: (json, yaml)")
	_ = cmd.RegisterFlagCompletionFunc("output", fixed("json", "yaml"))
	exclusive(cmd, "short", "output")
	return cmd
}

func (v *versions) print(e *environment, format string) error {
	switch format {
	case "json":
		data, err := json.MarshalIndent(v, "", "    ")
		e.printf("%s\n", data)
		return err
	case "yaml":
		data, err := yaml.Marshal(v)
		e.printf("%s", data)
		return err
	case "":
	default:
		return fmt.Errorf("--output: %q is not one of json and yaml", format)
	}
	e.printf("Client:     %s\n", v.Client)
	if v.API != "" {
		e.printf("API:        %s\nKubernetes: %s\n", v.API, v.Kubernetes)
	}
	return nil
}
