package examples

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/lint"
)

// world is what the examples hold: the workflows to damage and the templates that they refer to.
type world struct {
	workflows []map[string]any // as JSON
	names     []string
	lint.Nothing
	templates map[string]*v1alpha1.WorkflowTemplate
	cluster   map[string]*v1alpha1.ClusterWorkflowTemplate
	words     []string // texts that stand somewhere, to put elsewhere
}

// WorkflowTemplate implements lint.Lookup.
func (w *world) WorkflowTemplate(namespace, name string) (*v1alpha1.WorkflowTemplate, error) {
	if found := w.templates[name]; found != nil {
		return found, nil
	}
	return w.Nothing.WorkflowTemplate(namespace, name)
}

// ClusterWorkflowTemplate implements lint.Lookup.
func (w *world) ClusterWorkflowTemplate(name string) (*v1alpha1.ClusterWorkflowTemplate, error) {
	if found := w.cluster[name]; found != nil {
		return found, nil
	}
	return w.Nothing.ClusterWorkflowTemplate(name)
}

func load(t testing.TB) *world {
	t.Helper()
	w := &world{templates: map[string]*v1alpha1.WorkflowTemplate{}, cluster: map[string]*v1alpha1.ClusterWorkflowTemplate{}}
	add := func(name, kind string, data []byte) {
		switch kind {
		case "Workflow":
			var object map[string]any
			if err := json.Unmarshal(data, &object); err != nil {
				t.Fatal(err)
			}
			w.workflows, w.names = append(w.workflows, object), append(w.names, name)
			w.collect(object["spec"])
		case "WorkflowTemplate":
			object := &v1alpha1.WorkflowTemplate{}
			if err := json.Unmarshal(data, object); err != nil {
				t.Fatal(err)
			}
			w.templates[object.Name] = object
		case "ClusterWorkflowTemplate":
			object := &v1alpha1.ClusterWorkflowTemplate{}
			if err := json.Unmarshal(data, object); err != nil {
				t.Fatal(err)
			}
			w.cluster[object.Name] = object
		}
	}
	files, _ := filepath.Glob("../../artifacts/examples/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			data, err := yaml.YAMLToJSON([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			var kind metav1.TypeMeta
			if err := json.Unmarshal(data, &kind); err != nil {
				t.Fatal(err)
			}
			add(filepath.Base(file), kind.Kind, data)
		}
	}
	if inner, ok := t.(*testing.T); ok { // skips when there are no public ones; ours alone do as well
		if _, err := os.Stat(exampletest.Location()); err == nil {
			for _, document := range exampletest.Load(inner) {
				add(document.File, document.Kind, document.JSON)
			}
		}
	}
	slices.Sort(w.words)
	w.words = append(slices.Compact(w.words), "{{inputs.parameters.message}}", "{{=1 + }}", "{{workflow.parameters.x}}", "{{item}}", "{{steps.a.outputs.result}}", "{{tasks.A.status}}", "{{", "}}", "", "a b")
	return w
}

func (w *world) collect(value any) {
	switch v := value.(type) {
	case string:
		w.words = append(w.words, v)
	case []any:
		for i := range v {
			w.collect(v[i])
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.collect(v[key])
		}
	}
}

// site is one place in an object: a member or an element.
type site struct {
	value any
	put   func(any)
	drop  func()
	twice func()
}

// sites lists every place below a value, each once.
func sites(value any, replace func(any), found []site) []site {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := site{value: v[key], put: func(to any) { v[key] = to }, drop: func() { delete(v, key) }}
			at.twice = func() {
				for _, other := range slices.Sorted(maps.Keys(v)) {
					if other != key {
						v[other] = copied(v[key])
						break
					}
				}
			}
			found = sites(v[key], at.put, append(found, at))
		}
	case []any:
		for i := range v {
			at := site{value: v[i], put: func(to any) { v[i] = to }}
			at.drop = func() { replace(slices.Delete(slices.Clone(v), i, i+1)) }
			at.twice = func() { replace(append(slices.Clone(v), copied(v[i]))) }
			found = sites(v[i], at.put, append(found, at))
		}
	}
	return found
}

// mutate damages an object in one place.
func (w *world) mutate(object map[string]any, dice *rand.Rand) {
	spec, ok := object["spec"].(map[string]any)
	if !ok {
		return
	}
	places := sites(spec, nil, nil)
	if len(places) == 0 {
		return
	}
	at := places[dice.Intn(len(places))]
	switch dice.Intn(8) {
	case 0:
		at.drop()
		return
	case 1:
		at.twice()
		return
	}
	switch v := at.value.(type) {
	case string:
		at.put(w.mutateText(v, dice))
	case float64:
		at.put([]any{0.0, -1.0, 1e9, v + 1}[dice.Intn(4)])
	case bool:
		at.put(!v)
	default:
		at.put(copied(places[dice.Intn(len(places))].value))
	}
}

// copied makes a value that shares nothing with the given one.
func copied(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var other any
	if err := json.Unmarshal(text, &other); err != nil {
		panic(err)
	}
	return other
}

func (w *world) mutateText(text string, dice *rand.Rand) string {
	other := w.words[dice.Intn(len(w.words))]
	if text == "" {
		return other
	}
	at := dice.Intn(len(text))
	switch dice.Intn(5) {
	case 0:
		return text[:at]
	case 1:
		return text[:at] + string(rune('a'+dice.Intn(26))) + text[at:]
	case 2:
		return text[:at] + text[at+1:]
	case 3:
		return text[:at] + other + text[at:]
	}
	return other
}

// judge lints a damaged workflow and, if it is accepted, lets the engine begin it.
func (w *world) judge(data []byte) (accepted bool, problem string) {
	workflow := &v1alpha1.Workflow{}
	if err := json.Unmarshal(data, workflow); err != nil {
		return false, ""
	}
	workflow.Name, workflow.Namespace, workflow.UID = "wf", "default", "uid"
	if errs, _ := lint.Workflow(workflow, w); len(errs) > 0 {
		return false, ""
	}
	run, err := engine.NewRun(workflow.DeepCopy(), nil, engine.Options{})
	if err != nil {
		return true, err.Error()
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	decision := run.Apply(now)
	for range 20 {
		if decision.Status != nil {
			for _, refusal := range []string{"invalid spec", "failed to set global parameters", "invalid-spec"} {
				if strings.HasPrefix(decision.Status.Message, refusal) && !strings.Contains(decision.Status.Message, "not supported by this version") {
					return true, decision.Status.Message
				}
			}
		}
		for i := range decision.Nodes {
			if n := &decision.Nodes[i]; n.Phase == v1alpha1.NodeError && strings.Contains(n.Message, "failed to resolve {{") && !late(&workflow.Spec) {
				return true, n.Name + ": " + n.Message
			}
		}
		if len(decision.Resolve) == 0 {
			return true, ""
		}
		var events []engine.Event
		for _, request := range decision.Resolve {
			events = append(events, w.answer(request))
		}
		decision = run.Apply(now, events...)
	}
	return true, ""
}

// late tells specs of which more is known only when they run: names with tags, and defaults that fit one template or not.
func late(spec *v1alpha1.WorkflowSpec) bool {
	if spec.TemplateDefaults != nil {
		return true
	}
	for i := range spec.Templates {
		for _, group := range spec.Templates[i].Steps {
			for j := range group.Steps {
				if strings.Contains(group.Steps[j].Name, "{{") {
					return true
				}
			}
		}
		if dag := spec.Templates[i].DAG; dag != nil {
			for j := range dag.Tasks {
				if strings.Contains(dag.Tasks[j].Name, "{{") {
					return true
				}
			}
		}
	}
	return false
}

func (w *world) answer(request engine.TemplateRequest) engine.TemplateResolved {
	answer := engine.TemplateResolved{Request: request}
	switch request.Kind {
	case engine.RequestWorkflowTemplate:
		if found := w.templates[request.Name]; found != nil {
			answer.Spec = found.Spec.DeepCopy()
			return answer
		}
	case engine.RequestClusterWorkflowTemplate:
		if found := w.cluster[request.Name]; found != nil {
			answer.Spec = found.Spec.DeepCopy()
			return answer
		}
	case engine.RequestConfigMapParameter:
		value := "value"
		answer.Value = &value
		return answer
	default:
		return answer
	}
	answer.NotFound, answer.Message = true, request.Name+" not found"
	return answer
}

func (w *world) mutant(which int, seed int64) []byte {
	dice := rand.New(rand.NewSource(seed))
	text, err := json.Marshal(w.workflows[which%len(w.workflows)])
	if err != nil {
		panic(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		panic(err)
	}
	for range 1 + dice.Intn(3) {
		w.mutate(object, dice)
	}
	damaged, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return damaged
}

// Whatever is done to an example: checking it does not panic, and what is accepted is not refused by the engine as soon as
// it begins.
func TestMutants(t *testing.T) {
	w := load(t)
	rounds := 40 // of each example
	if testing.Short() {
		rounds = 5
	}
	accepted, total := 0, 0
	for which := range w.workflows {
		for round := range rounds {
			damaged := w.mutant(which, int64(which*100_003+round))
			total++
			ok, problem := w.judge(damaged)
			if ok {
				accepted++
			}
			if problem != "" {
				t.Errorf("%s, round %d: accepted, and the engine says: %s\n%s", w.names[which], round, problem, shown(damaged))
			}
		}
	}
	t.Logf("%d of %d accepted", accepted, total)
}

// FuzzMutants is TestMutants for as long as one likes.
func FuzzMutants(f *testing.F) {
	w := load(f)
	if len(w.workflows) == 0 {
		f.Skip("no examples")
	}
	f.Add(0, int64(1))
	f.Add(3, int64(2))
	f.Fuzz(func(t *testing.T, which int, seed int64) {
		if which < 0 {
			which = 0
		}
		damaged := w.mutant(which, seed)
		if _, problem := w.judge(damaged); problem != "" {
			t.Errorf("accepted, and the engine says: %s\n%s", problem, shown(damaged))
		}
	})
}

func shown(data []byte) string {
	text, err := yaml.JSONToYAML(data)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(text)
}
