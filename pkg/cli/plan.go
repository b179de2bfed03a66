package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
	"fairlead.dev/fairlead/pkg/cli/tree"
	"fairlead.dev/fairlead/pkg/engine"
)

type planOptions struct {
	*environment
	output     *output
	files      []string
	parameters []string
	full       bool
	defaults   controllerConfig
}

func newPlan(e *environment) *cobra.Command {
	o := &planOptions{environment: e, output: newOutput("")}
	cmd := &cobra.Command{
		Use:   "plan WORKFLOW | -f FILE...",
		Short: "Show what a workflow would run",
		Long: `Show what a workflow would run, in which order, what waits for what, and how many pods that makes: of a workflow in the cluster, or
of the workflows in files, for which no cluster is asked: templates that they refer to have to be in one of the files, and so has
the ConfigMap of the controller if its workflowDefaults are to count (or --controller-config names it). Nothing is created.

What only the run decides, such as conditions on results and loops over them, is marked with a question mark.`,
		Example: `  kubectl workflow plan hello-world-x7k2p
  kubectl workflow plan -f build.yaml -f templates.yaml -p target=all`,
		ValidArgsFunction: e.completeNames(client.Workflows, 1),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.files, "filename", "f", nil, "File with a workflow, or with templates that it refers to; may be given several times; - is standard input")
	flags.StringArrayVarP(&o.parameters, "parameter", "p", nil, "With --filename: parameter as NAME=VALUE; may be given several times")
	flags.BoolVar(&o.full, "full", false, "Draw every step, however many there are")
	o.defaults.addFlag(cmd)
	o.output.addFlags(cmd)
	return cmd
}

func (o *planOptions) run(ctx context.Context, args []string) error {
	switch {
	case len(o.files) > 0 && len(args) > 0:
		return errors.New("give a workflow of the cluster, or --filename, and not both")
	case len(o.files) > 0:
		return o.planFiles(ctx)
	case len(args) != 1:
		return errors.New("name a workflow of the cluster, or a file with --filename")
	case len(o.parameters) > 0:
		return errors.New("--parameter is for --filename: a workflow in the cluster has its parameters")
	case o.defaults.file != "":
		return errors.New("--controller-config is for --filename: the server knows what its controller lays under workflows")
	}
	c, namespace, err := o.connect()
	if err != nil {
		return err
	}
	names, err := resolveNames(ctx, c, namespace, args)
	if err != nil {
		return err
	}
	object, err := c.Subresource(ctx, client.Workflows, namespace, names[0], "plan")
	if err != nil {
		return err
	}
	return o.show(object)
}

// show prints a plan.
func (o *planOptions) show(object *unstructured.Unstructured) error {
	if !o.output.isOwn() {
		return o.output.print(o.environment, object, "")
	}
	data, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	plan := &v1alpha1.WorkflowPlan{}
	if err := json.Unmarshal(data, plan); err != nil {
		return err
	}
	options := o.drawing()
	options.Full = o.full
	for _, line := range tree.Plan(plan, options) {
		o.printf("%s\n", line)
	}
	if plan.Error != "" {
		return &failure{plan.Error}
	}
	return nil
}

// planFiles plans every workflow in the files.
func (o *planOptions) planFiles(ctx context.Context) error {
	reader := manifest.Reader{In: o.In, Directories: true}
	documents, err := reader.Read(ctx, o.files)
	if err != nil {
		return err
	}
	parameters, err := manifest.Parameters(o.parameters, "", nil)
	if err != nil {
		return err
	}
	if err := o.defaults.read(ctx, o.environment, o.files); err != nil {
		return err
	}
	shelf := shelf{}
	var workflows []*v1alpha1.Workflow
	for _, d := range documents {
		if o.defaults.isControllerConfig(d) {
			if err := o.defaults.add(d); err != nil {
				return fmt.Errorf("%s: %w", d, err)
			}
			continue
		}
		if !d.IsWorkflowAPI(v1alpha1.GroupName, o.apiGroup) {
			continue
		}
		workflow, err := shelf.add(d, parameters)
		if err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		if workflow != nil {
			workflows = append(workflows, workflow)
		}
	}
	if len(workflows) == 0 {
		return noneIn("workflow", o.files)
	}
	for i, workflow := range workflows {
		if i > 0 && o.output.isOwn() {
			o.printf("\n")
		}
		o.instance.Label(workflow)
		below, _ := o.defaults.Defaults(workflow.Labels[v1alpha1.LabelKeyControllerInstanceID])
		plan, err := engine.Forecast(workflow, nil, shelf.lookup, engine.Options{Defaults: below}, o.clock.Now())
		if err != nil {
			return err
		}
		plan.APIVersion, plan.Kind = v1alpha1.SchemeGroupVersion.String(), "WorkflowPlan"
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(plan)
		if err != nil {
			return err
		}
		if err := o.show(&unstructured.Unstructured{Object: object}); err != nil {
			return err
		}
	}
	return nil
}

// shelf holds the templates that are in files.
type shelf []shelved

type shelved struct {
	kind   engine.RequestKind
	name   string
	spec   *v1alpha1.WorkflowSpec
	labels map[string]string
}

// add puts a template on the shelf. A workflow, with its parameters set, comes back.
func (s *shelf) add(d *manifest.Document, parameters []string) (*v1alpha1.Workflow, error) {
	switch d.Object.GetKind() {
	case "Workflow":
		if d.Object.GetName() == "" && d.Object.GetGenerateName() != "" {
			d.Object.SetName(d.Object.GetGenerateName() + "xxxxx")
		}
		if err := (&manifest.Settings{Parameters: parameters}).Apply(d.Object); err != nil {
			return nil, err
		}
		workflow := &v1alpha1.Workflow{}
		return workflow, typed(d.Object, workflow)
	case "WorkflowTemplate":
		t := &v1alpha1.WorkflowTemplate{}
		if err := typed(d.Object, t); err != nil {
			return nil, err
		}
		*s = append(*s, shelved{engine.RequestWorkflowTemplate, t.Name, &t.Spec, t.Labels})
	case "ClusterWorkflowTemplate":
		t := &v1alpha1.ClusterWorkflowTemplate{}
		if err := typed(d.Object, t); err != nil {
			return nil, err
		}
		*s = append(*s, shelved{engine.RequestClusterWorkflowTemplate, t.Name, &t.Spec, t.Labels})
	}
	return nil, nil
}

func typed(object *unstructured.Unstructured, into any) error {
	data, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	return shape.Explain(json.Unmarshal(data, into), data, into)
}

// lookup answers the engine from the shelf. Values of ConfigMaps stay open, as they do before a run.
func (s shelf) lookup(request engine.TemplateRequest) engine.TemplateResolved {
	answer := engine.TemplateResolved{Request: request}
	if request.Kind != engine.RequestWorkflowTemplate && request.Kind != engine.RequestClusterWorkflowTemplate {
		text := fmt.Sprintf("(key %s of ConfigMap %s)", request.Key, request.Name)
		answer.Value = &text
		return answer
	}
	at := slices.IndexFunc(s, func(t shelved) bool { return t.kind == request.Kind && t.name == request.Name })
	if at < 0 {
		answer.NotFound = true
		answer.Message = fmt.Sprintf("template %q is in none of the files; add its file with -f", request.Name)
		return answer
	}
	answer.Spec, answer.Labels = s[at].spec, s[at].labels
	return answer
}
