package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

// kindWriter creates or updates objects of one kind from manifests.
type kindWriter struct {
	*kindGroup
	output *output
	dryRun dryRun
	strict strictness
	// change, unless nil, changes an object that was read.
	change func(context.Context, *unstructured.Unstructured) error
	// send writes one object.
	send func(context.Context, *client.Client, *unstructured.Unstructured) (*unstructured.Unstructured, error)
}

func (w *kindWriter) addFlags(cmd *cobra.Command) {
	addDryRunFlag(cmd, &w.dryRun, "print what would be sent")
	w.strict.addFlag(cmd)
	w.output.addFlags(cmd)
}

func (g *kindGroup) create() *cobra.Command {
	w := &kindWriter{kindGroup: g, output: newOutput("created")}
	w.send = func(ctx context.Context, c *client.Client, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return c.Create(ctx, g.resource, object.GetNamespace(), object, w.strict.write(w.dryRun))
	}
	cmd := &cobra.Command{
		Use: "create FILE...", Short: "Create " + g.noun + "s from files",
		Long: "Create " + g.noun + "s from files, addresses or standard input (-). Objects of other kinds in them are left out with a warning.\n" +
			"`kubectl workflow " + g.use + " update` changes those that are there.",
		Example:           "  kubectl workflow " + g.use + " create build.yaml\n  # would the server take it?\n  kubectl workflow " + g.use + " create build.yaml --dry-run=server",
		Args:              arguments(1, 0, "files, or - for standard input"),
		ValidArgsFunction: manifests,
		RunE:              func(cmd *cobra.Command, args []string) error { return w.run(cmd.Context(), args) },
	}
	w.addFlags(cmd)
	if g.resource == client.CronWorkflows {
		w.addCronFlags(cmd)
		cmd.Example += "\n  # twice a day, with another parameter\n  kubectl workflow cron create nightly.yaml --name daily --schedule '0 6 * * *' --schedule '0 18 * * *' -p depth=1"
	}
	return cmd
}

func (g *kindGroup) update() *cobra.Command {
	w := &kindWriter{kindGroup: g, output: newOutput("updated")}
	w.send = func(ctx context.Context, c *client.Client, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return w.replace(ctx, c, object)
	}
	cmd := &cobra.Command{
		Use: "update FILE...", Short: "Replace " + g.noun + "s with those of files",
		Long: "Put the " + g.noun + "s of files, addresses or standard input (-) in the place of those of their names, which have to be there.\n" +
			"Objects of other kinds are left out with a warning. `kubectl apply -f` creates what is not there, and merges.",
		Example:           "  kubectl workflow " + g.use + " update build.yaml",
		Args:              arguments(1, 0, "files, or - for standard input"),
		ValidArgsFunction: manifests,
		RunE:              func(cmd *cobra.Command, args []string) error { return w.run(cmd.Context(), args) },
	}
	w.addFlags(cmd)
	return cmd
}

// replace updates an object. One that was read with a resource version is only put in the place of that version.
func (w *kindWriter) replace(ctx context.Context, c *client.Client, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if object.GetName() == "" {
		return nil, errors.New("it has no metadata.name: only what has a name can be updated")
	}
	pinned := object.GetResourceVersion() != ""
	for tries := 0; ; tries++ {
		if !pinned {
			current, err := c.Get(ctx, w.resource, object.GetNamespace(), object.GetName())
			if apierrors.IsNotFound(err) {
				return nil, fmt.Errorf("%w; `kubectl workflow %s create` creates it", err, w.use)
			}
			if err != nil {
				return nil, err
			}
			object.SetResourceVersion(current.GetResourceVersion())
		}
		updated, err := c.Update(ctx, w.resource, object.GetNamespace(), object, w.strict.write(w.dryRun))
		if apierrors.IsConflict(err) && !pinned && tries < updateTries {
			continue // changed in between, by the controller most often
		}
		return updated, err
	}
}

// updateTries is how often an update is tried again that somebody else came before.
const updateTries = 5

// run writes the objects of the kind that are in the manifests.
func (w *kindWriter) run(ctx context.Context, sources []string) error {
	reader := manifest.Reader{In: w.In}
	documents, err := reader.Read(ctx, sources)
	if err != nil {
		return err
	}
	c, namespace, err := w.connect()
	if err != nil {
		return err
	}
	written := 0
	for _, d := range documents {
		if !d.IsWorkflowAPI(c.GroupVersion.Group) || d.Object.GetKind() != w.kind {
			w.warn("%s: %s is no %s and left out", d, d.Object.GetKind(), w.kind)
			continue
		}
		written++
		if err := w.write(ctx, c, namespace, d); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
	}
	if written == 0 {
		return noneIn(w.kind, sources)
	}
	return nil
}

func (w *kindWriter) write(ctx context.Context, c *client.Client, namespace string, d *manifest.Document) error {
	object := d.Object
	object.SetAPIVersion(c.GroupVersion.String())
	if w.change != nil {
		if err := w.change(ctx, object); err != nil {
			return err
		}
	}
	if w.namespaced() {
		if err := w.setNamespace(d, namespace); err != nil {
			return err
		}
	}
	if w.dryRun != dryRunClient {
		var err error
		if object, err = w.send(ctx, c, object); err != nil {
			return err
		}
	}
	return w.output.print(w.environment, object, w.dryRun.remark())
}

// addCronFlags adds the flags that change a schedule, and the workflows that it makes (CLI-24).
func (w *kindWriter) addCronFlags(cmd *cobra.Command) {
	var labels, parameterFile string
	var parameters []string
	settings := &manifest.Settings{}
	flags := cmd.Flags()
	flags.StringVar(&settings.Name, "name", "", "Name of the cron workflow")
	flags.StringVar(&settings.GenerateName, "generate-name", "", "Prefix of a generated name")
	flags.StringArrayVar(&settings.Schedules, "schedule", nil, "Schedule in the place of those of the file, such as '0 3 * * *'; may be given several times")
	flags.StringVar(&settings.Entrypoint, "entrypoint", "", "Template to begin with")
	flags.StringVar(&settings.ServiceAccount, "serviceaccount", "", "Service account of the pods")
	flags.StringVarP(&labels, "labels", "l", "", "Labels of the cron workflow to add, as KEY=VALUE,...")
	flags.StringArrayVarP(&parameters, "parameter", "p", nil, "Parameter of the workflows as NAME=VALUE; may be given several times")
	flags.StringVarP(&parameterFile, "parameter-file", "f", "", "YAML or JSON file with a map of parameters, or an address or - (standard input); --parameter wins over it")
	exclusive(cmd, "name", "generate-name")
	w.change = func(ctx context.Context, cron *unstructured.Unstructured) error {
		var err error
		if settings.Labels, err = pairs("labels", labels); err != nil {
			return err
		}
		if settings.Parameters == nil {
			if settings.Parameters, err = w.parameters(ctx, parameters, parameterFile); err != nil {
				return err
			}
		}
		return settings.ApplyToCron(cron)
	}
}
