package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/printers"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/selection"
	"fairlead.dev/fairlead/pkg/cli/transfer"
)

func newArtifacts(e *environment) *cobra.Command {
	cmd := &cobra.Command{Use: "artifacts", Aliases: []string{"artifact"}, Short: "List, download and upload artifacts"}
	cmd.AddCommand(newArtifactsList(e), newArtifactsCopy(e), newArtifactsUpload(e))
	return cmd
}

// artifactFilter picks artifacts of a workflow.
type artifactFilter struct {
	*environment
	name, template, node, selector string
}

func (f *artifactFilter) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "artifact-name", "", "Only artifacts of this name")
	flags.StringVar(&f.template, "template-name", "", "Only those of steps that run this template")
	flags.StringVar(&f.node, "node-id", "", "Only those of this node")
	flags.StringVar(&f.selector, "node-field-selector", "", "Only those of the steps that this picks, such as displayName=build")
	_ = cmd.RegisterFlagCompletionFunc("artifact-name", f.completeSteps(outputArtifacts))
	_ = cmd.RegisterFlagCompletionFunc("template-name", f.completeSteps(templateName))
	_ = cmd.RegisterFlagCompletionFunc("node-id", f.completeSteps(nodeID))
	_ = cmd.RegisterFlagCompletionFunc("node-field-selector", f.completeNodeSelector)
}

// stored is an artifact of a step.
type stored struct {
	node     *v1alpha1.NodeStatus
	artifact *v1alpha1.Artifact
}

func (s *stored) key() string {
	key, _ := s.artifact.GetKey()
	return key
}

// find returns the artifacts that steps of a workflow have put out, in the order of the steps.
func (f *artifactFilter) find(ctx context.Context, c *client.Client, namespace, name string) ([]stored, error) {
	keep, err := selection.Nodes(f.selector)
	if err != nil {
		return nil, err
	}
	header, err := c.Header(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	nodes, err := c.NewNodes().Update(ctx, header)
	if err != nil {
		return nil, err
	}
	var found []stored
	for _, n := range nodes {
		if n.Outputs == nil || f.node != "" && f.node != n.ID || f.template != "" && f.template != n.TemplateName || keep != nil && !keep(&n) {
			continue
		}
		// What a step hands up from inside is listed where it comes from.
		if n.Type != v1alpha1.NodeTypePod && n.Type != v1alpha1.NodeTypePlugin {
			continue
		}
		for i := range n.Outputs.Artifacts {
			if a := &n.Outputs.Artifacts[i]; (f.name == "" || f.name == a.Name) && !a.Deleted {
				found = append(found, stored{&n, a})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b stored) int { return cmp.Compare(a.node.Ordinal, b.node.Ordinal) })
	return found, nil
}

func newArtifactsList(e *environment) *cobra.Command {
	f := &artifactFilter{environment: e}
	o := newOutput("", wide)
	cmd := &cobra.Command{
		Use: "ls WORKFLOW", Aliases: []string{"list"}, Short: "List the artifacts that steps of a workflow have put out", Args: arguments(1, 1, "a workflow"),
		Example: `  kubectl workflow artifacts ls build-x7k2p
  kubectl workflow artifacts ls @latest --node-field-selector displayName=test -o json`,
		ValidArgsFunction: e.completeNames(client.Workflows, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, namespace, err := e.connect()
			if err != nil {
				return err
			}
			names, err := resolveNames(cmd.Context(), c, namespace, args)
			if err != nil {
				return err
			}
			found, err := f.find(cmd.Context(), c, namespace, names[0])
			if err != nil {
				return err
			}
			if !o.isOwn() {
				return o.print(e, artifactList(found), "")
			}
			if len(found) == 0 {
				e.errorf("Workflow %s has put out no artifact that matches.", names[0])
				return nil
			}
			out := printers.GetNewTabWriter(e.Out)
			fmt.Fprintln(out, "STEP\tARTIFACT\tNODE\tKEY")
			for _, s := range found {
				fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", s.node.DisplayName, s.artifact.Name, s.node.ID, s.key())
			}
			return out.Flush()
		},
	}
	f.addFlags(cmd)
	o.addFlags(cmd)
	return cmd
}

// artifactList is what scripts get: no kind of the API, but in the form of one.
func artifactList(found []stored) *unstructured.Unstructured {
	items := make([]any, 0, len(found))
	for _, s := range found {
		items = append(items, map[string]any{
			"name": s.artifact.Name, "nodeID": s.node.ID, "nodeName": s.node.Name, "step": s.node.DisplayName, "templateName": s.node.TemplateName, "key": s.key(),
		})
	}
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ArtifactList", "artifacts": items}}
}

type copyOptions struct {
	artifactFilter
	path string
}

const defaultArtifactPath = "{namespace}/{workflowName}/{nodeId}/outputs/{artifactName}"

func newArtifactsCopy(e *environment) *cobra.Command {
	o := &copyOptions{artifactFilter: artifactFilter{environment: e}}
	cmd := &cobra.Command{
		Use:   "cp WORKFLOW [DIRECTORY]",
		Short: "Download the artifacts of a workflow",
		Long: `Download the artifacts that steps of a workflow have put out, into a directory (default: the current one), as they are stored: what was
archived stays so, and a directory that was not becomes one. A connection that breaks is taken up again where it ended, and so is
a download that was interrupted, when the command is given again. --path says where below the directory each artifact
goes; {namespace}, {workflowName}, {nodeId}, {nodeName}, {templateName} and {artifactName} stand for what they say.`,
		Example: `  kubectl workflow artifacts cp build-x7k2p out
  # one artifact of one step
  kubectl workflow artifacts cp @latest . --node-field-selector displayName=test --artifact-name report --path '{artifactName}'`,
		Args:              arguments(1, 2, "a workflow, and a directory if you like"),
		ValidArgsFunction: e.completeCopy,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&o.path, "path", defaultArtifactPath, "Where below the directory an artifact goes")
	return cmd
}

func (o *copyOptions) run(ctx context.Context, args []string) error {
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	names, err := resolveNames(ctx, c, namespace, args[:1])
	if err != nil {
		return err
	}
	directory := "."
	if len(args) == 2 {
		directory = args[1]
	}
	found, err := o.find(ctx, c, namespace, names[0])
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("workflow %q has put out no artifact that matches; `kubectl workflow artifacts ls %s` shows which there are", names[0], names[0])
	}
	if err := o.apart(namespace, names[0], found); err != nil {
		return err
	}
	failed := 0
	for _, s := range found {
		if err := o.copyOne(ctx, c, namespace, names[0], directory, s); err != nil {
			if ctx.Err() != nil || len(found) == 1 {
				return err
			}
			failed++
			o.errorf("Error: %s", explain(err))
		}
	}
	if failed > 0 {
		return &failure{fmt.Sprintf("%d of %d artifacts could not be downloaded", failed, len(found))}
	}
	return nil
}

// apart refuses a --path that leads two artifacts to the same place, where one would replace the other.
func (o *copyOptions) apart(namespace, workflow string, found []stored) error {
	taken := map[string]stored{}
	for _, s := range found {
		place, err := o.place(namespace, workflow, s)
		if err != nil {
			return err
		}
		if other, twice := taken[place]; twice {
			return fmt.Errorf("artifact %s of step %s and artifact %s of step %s would both become %s; put {nodeId} or {artifactName} into --path",
				other.artifact.Name, other.node.DisplayName, s.artifact.Name, s.node.DisplayName, place)
		}
		taken[place] = s
	}
	return nil
}

// copyOne downloads an artifact: one file, or all files of a directory.
func (o *copyOptions) copyOne(ctx context.Context, c *client.Client, namespace, workflow, directory string, s stored) error {
	place, err := o.place(namespace, workflow, s)
	if err != nil {
		return err
	}
	target := filepath.Join(directory, filepath.FromSlash(place))
	opener := func(file string) transfer.Open {
		return func(ctx context.Context, offset int64, etag string) (*client.Part, error) {
			return c.Download(ctx, namespace, workflow, s.node.ID, s.artifact.Name, file, offset, etag)
		}
	}
	title := s.node.DisplayName + "/" + s.artifact.Name
	first, err := opener("")(ctx, 0, "")
	if err != nil {
		return fmt.Errorf("artifact %s of step %s: %w", s.artifact.Name, s.node.DisplayName, err)
	}
	if first.Listing == nil {
		return o.save(ctx, after(first, opener("")), title, target)
	}
	for _, entry := range first.Listing.Items {
		name := filepath.FromSlash(entry.Name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("artifact %s of step %s has a file %q, which leads out of the directory", s.artifact.Name, s.node.DisplayName, entry.Name)
		}
		if err := o.save(ctx, opener(entry.Name), title+"/"+entry.Name, filepath.Join(target, name)); err != nil {
			return err
		}
	}
	if first.Listing.Truncated {
		return fmt.Errorf("artifact %s of step %s is not complete: it has more than the %d files that the server lists; get the others from the store, below %s",
			s.artifact.Name, s.node.DisplayName, len(first.Listing.Items), s.key())
	}
	return nil
}

// after is an opener that begins with what is open already.
func after(first *client.Part, next transfer.Open) transfer.Open {
	return func(ctx context.Context, offset int64, etag string) (*client.Part, error) {
		if part := first; part != nil {
			first = nil
			if offset == 0 {
				return part, nil
			}
			_ = part.Close() // an earlier download left the beginning behind
		}
		return next(ctx, offset, etag)
	}
}

func (o *copyOptions) save(ctx context.Context, open transfer.Open, title, target string) error {
	written, err := transfer.File(ctx, open, target, transfer.Options{Progress: o.progress(title), Clock: o.clock, Kept: func(bytes int64) {
		o.errorf("%s of %s are kept: the same command goes on from there.", transfer.Bytes(bytes), target)
	}})
	if err != nil {
		return fmt.Errorf("artifact %s: %w", title, err)
	}
	o.printf("%s (%s)\n", target, transfer.Bytes(written))
	return nil
}

// progress is where a bar is drawn: standard error, if a person looks at it.
func (e *environment) progress(title string) func(size int64) transfer.Bar {
	return func(size int64) transfer.Bar {
		if file, ok := e.ErrOut.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			return transfer.NewBar(e.ErrOut, title, size, e.screen().Colours, e.ascii)
		}
		return transfer.Discard
	}
}

// place is the path of an artifact below the directory. Names of steps come from whoever wrote the workflow: none of them
// leads out of the directory.
func (o *copyOptions) place(namespace, workflow string, s stored) (string, error) {
	name := path.Base(s.key())
	if name == "." || name == "/" {
		name = s.artifact.Name
	}
	clean := func(text string) string { return strings.NewReplacer("/", "_", "\\", "_").Replace(text) }
	place := strings.NewReplacer(
		"{namespace}", namespace, "{workflowName}", workflow, "{nodeId}", clean(s.node.ID), "{nodeName}", clean(s.node.Name),
		"{templateName}", clean(s.node.TemplateName), "{artifactName}", clean(s.artifact.Name),
	).Replace(o.path)
	place = path.Join(place, clean(name))
	if !filepath.IsLocal(filepath.FromSlash(place)) {
		return "", fmt.Errorf("%q leads out of the directory; change --path", place)
	}
	return place, nil
}
