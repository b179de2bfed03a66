package engine

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
	"fairlead.dev/fairlead/pkg/engine/graph"
)

// template is a template compiled once per run: defaults merged, tags parsed.
type template struct {
	in     origin
	spec   *v1alpha1.Template // never changed
	text   *expr.Template     // JSON of a leaf; of a composite, its own fields without steps and tasks
	retry  *expr.Template     // JSON of retryStrategy; nil: none
	steps  [][]*activity
	graph  *graph.DAG
	tasks  []*activity
	places map[string]place    // where a step stands
	reads  map[string]struct{} // siblings whose result somebody in this composite reads (PRM-14)
	// ownResult tells that a metric of the template reads its result.
	ownResult bool
}

// place is where a step stands in its template.
type place struct{ group, index int }

// activity is a step or a task, compiled.
type activity struct {
	step   *v1alpha1.WorkflowStep
	body   *expr.Template // JSON of template, templateRef and arguments
	when   *expr.Template // JSON string; nil: none
	loop   *expr.Template // JSON of withItems, withParam, withSequence; nil: no loop
	inline *expr.Template // JSON of the inline template; nil: none
}

// compile merges the defaults and parses the tags.
func (r *Run) compile(spec *v1alpha1.Template, in origin) (*template, error) {
	merged, err := r.withDefaults(spec)
	if err != nil {
		return nil, err
	}
	t := &template{in: in, spec: merged}
	own := merged
	if merged.IsComposite() {
		shell := *merged
		shell.Steps, shell.DAG = nil, nil
		own = &shell
	}
	if merged.RetryStrategy != nil {
		shell := *own
		shell.RetryStrategy = nil
		own = &shell
		if t.retry, err = r.cache.ParseObject(merged.RetryStrategy); err != nil {
			return nil, err
		}
	}
	if merged.Metrics != nil { // evaluated by themselves, when the node starts and when it ends
		shell := *own
		shell.Metrics = nil
		own = &shell
		text, err := json.Marshal(merged.Metrics)
		if err != nil {
			return nil, err
		}
		t.ownResult = strings.Contains(string(text), "outputs.result")
	}
	if t.text, err = r.cache.ParseObject(own); err != nil {
		return nil, err
	}
	switch {
	case len(merged.Steps) > 0:
		err = t.compileSteps(r)
	case merged.DAG != nil:
		err = t.compileDAG(r)
	}
	return t, err
}

func (t *template) compileSteps(r *Run) error {
	t.places = map[string]place{}
	for i, group := range t.spec.Steps {
		var activities []*activity
		for j := range group.Steps {
			a, err := r.compileActivity(&group.Steps[j])
			if err != nil {
				return err
			}
			t.places[group.Steps[j].Name] = place{i, j}
			activities = append(activities, a)
		}
		t.steps = append(t.steps, activities)
	}
	return t.findReads(t.spec)
}

func (t *template) compileDAG(r *Run) error {
	target := t.spec.DAG.Target
	if r.cache.Parse(target).HasTags() {
		target = "" // each node has its own: see forNode
	}
	g, err := graph.BuildDAG(t.spec.DAG.Tasks, target)
	if err != nil {
		return err
	}
	t.graph = g
	t.tasks = make([]*activity, len(t.spec.DAG.Tasks))
	for i := range t.spec.DAG.Tasks {
		if t.tasks[i], err = r.compileActivity(asStep(&t.spec.DAG.Tasks[i])); err != nil {
			return err
		}
	}
	return t.findReads(t.spec)
}

// forNode gives the template with the graph that a node needs: `target` may depend on its inputs (DAG-01).
func (t *template) forNode(r *Run, scope expr.Scope) (*template, error) {
	if !r.cache.Parse(t.spec.DAG.Target).HasTags() {
		return t, nil
	}
	target, err := r.cache.RenderString(t.spec.DAG.Target, scope, expr.Strict)
	if err != nil {
		return nil, fmt.Errorf("dag.target: %w", err)
	}
	own := *t
	own.graph, err = graph.BuildDAG(t.spec.DAG.Tasks, target)
	return &own, err
}

// asStep gives what a task has in common with a step.
func asStep(task *v1alpha1.DAGTask) *v1alpha1.WorkflowStep {
	return &v1alpha1.WorkflowStep{
		Name: task.Name, Template: task.Template, Inline: task.Inline, Arguments: task.Arguments, TemplateRef: task.TemplateRef,
		WithItems: task.WithItems, WithParam: task.WithParam, WithSequence: task.WithSequence, When: task.When,
		ContinueOn: task.ContinueOn, OnExit: task.OnExit, Hooks: task.Hooks,
	}
}

func (r *Run) compileActivity(step *v1alpha1.WorkflowStep) (*activity, error) {
	a := &activity{step: step}
	var err error
	body := v1alpha1.WorkflowStep{Template: step.Template, TemplateRef: step.TemplateRef, Arguments: step.Arguments}
	if a.body, err = r.cache.ParseObject(&body); err != nil {
		return nil, err
	}
	if step.When != "" {
		if a.when, err = r.cache.ParseObject(step.When); err != nil {
			return nil, err
		}
	}
	if len(step.WithItems) > 0 || step.WithParam != "" || step.WithSequence != nil {
		loop := v1alpha1.WorkflowStep{WithItems: step.WithItems, WithParam: step.WithParam, WithSequence: step.WithSequence}
		if a.loop, err = r.cache.ParseObject(&loop); err != nil {
			return nil, err
		}
	}
	if step.Inline != nil {
		if a.inline, err = r.cache.ParseObject(step.Inline); err != nil {
			return nil, err
		}
	}
	return a, nil
}

var readsResult = regexp.MustCompile(`(?:steps|tasks)\??(?:\.([A-Za-z0-9_-]+)|\[\\?["']([^"'\\\]]+)\\?["']\])\??\.outputs\??\.result`)

// findReads notes whose result the text of a composite refers to.
func (t *template) findReads(spec *v1alpha1.Template) error {
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	t.reads = map[string]struct{}{}
	for _, m := range readsResult.FindAllSubmatch(text, -1) {
		t.reads[string(m[1])+string(m[2])] = struct{}{}
	}
	return nil
}

// withDefaults merges the workflow's templateDefaults and retryStrategy under a template; its own values win (TPL-18, RTY-01).
func (r *Run) withDefaults(spec *v1alpha1.Template) (*v1alpha1.Template, error) {
	merged := spec
	if defaults := r.spec.TemplateDefaults; defaults != nil {
		base := *defaults
		dropOtherTypes(&base, spec)
		below, err := json.Marshal(&base)
		if err != nil {
			return nil, err
		}
		above, err := json.Marshal(spec)
		if err != nil {
			return nil, err
		}
		both, err := strategicpatch.StrategicMergePatch(below, above, v1alpha1.Template{})
		if err != nil {
			return nil, fmt.Errorf("templateDefaults do not fit template %s: %w", spec.Name, err)
		}
		merged = &v1alpha1.Template{}
		if err := json.Unmarshal(both, merged); err != nil {
			return nil, fmt.Errorf("templateDefaults do not fit template %s: %w", spec.Name, err)
		}
		merged.Name = spec.Name
	}
	if merged.RetryStrategy == nil && r.spec.RetryStrategy != nil {
		shell := *merged
		shell.RetryStrategy = r.spec.RetryStrategy
		merged = &shell
	}
	return merged, nil
}

// dropOtherTypes removes from defaults what belongs to another type of template.
func dropOtherTypes(base, spec *v1alpha1.Template) {
	if spec.Container == nil {
		base.Container = nil
	}
	if spec.Script == nil {
		base.Script = nil
	}
	if spec.ContainerSet == nil {
		base.ContainerSet = nil
	}
	if spec.Resource == nil {
		base.Resource = nil
	}
	if spec.Data == nil {
		base.Data = nil
	}
	if spec.HTTP == nil {
		base.HTTP = nil
	}
	if spec.Plugin == nil {
		base.Plugin = nil
	}
	if spec.Suspend == nil {
		base.Suspend = nil
	}
	base.Steps, base.DAG = nil, nil
}
