package examples

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
	"fairlead.dev/fairlead/pkg/engine/enginetest"
)

// sort is what kind of text a value is. Names of parameters and templates begin with that of their value.
type sort string

const (
	aText   sort = "text"
	aNumber sort = "number"
	aList   sort = "list" // of texts, as JSON
	aTable  sort = "table"
)

var sorts = []sort{aText, aNumber, aList, aTable}

// samples are values of each sort.
var samples = map[sort][]string{
	aText:   {"heads", "a", "x-1", "two words", `say "hi"`, "1.5", "true"},
	aNumber: {"0", "1", "7", "42"},
	aList:   {`["a"]`, `["a","b","c"]`, `["two words", "x"]`},
	aTable:  {`[{"key":"a","size":1}]`, `[{"key":"b","size":2},{"key":"c d","size":30}]`},
}

// value is something that a text can refer to: the name of a tag.
type value struct {
	sort sort
	name string
}

// asTag writes a value as a simple tag, and asMember as an operand of an expression.
func (v value) asTag() string { return "{{" + v.name + "}}" }

func (v value) asMember() string {
	if v.name == "item" {
		return v.name
	}
	words := strings.Split(v.name, ".")
	text := words[0]
	for _, word := range words[1:] {
		text += "['" + word + "']"
	}
	return text
}

// maker makes random workflows that are right: whatever a text refers to is there, and of the sort that is needed.
type maker struct {
	*rand.Rand
	count   int
	spec    *v1alpha1.WorkflowSpec
	library []v1alpha1.Template // of a WorkflowTemplate
	kept    map[string]bool     // names of what is in the library
	made    []*v1alpha1.Template
	globals []value
}

const libraryName = "library"

func (m *maker) one(n int) bool { return m.Intn(n) == 0 }

func among[T any](m *maker, from []T) T { return from[m.Intn(len(from))] }

func (m *maker) name(kind string) string {
	m.count++
	return fmt.Sprintf("%s-%d", kind, m.count)
}

func (m *maker) sort() sort { return among(m, sorts) }

// workflow makes a workflow and the WorkflowTemplate that it refers to.
func (m *maker) workflow() (*v1alpha1.Workflow, *v1alpha1.WorkflowTemplate) {
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "default", UID: "uid", Labels: map[string]string{"team": "a"}}}
	m.spec, m.kept = &wf.Spec, map[string]bool{}
	m.globals = []value{{aText, "workflow.name"}, {aText, "workflow.labels.team"}}
	for range m.Intn(4) {
		is := m.sort()
		p := v1alpha1.Parameter{Name: m.name(string(is)), Value: v1alpha1.AnyStringPtr(among(m, samples[is]))}
		m.spec.Arguments.Parameters = append(m.spec.Arguments.Parameters, p)
		m.globals = append(m.globals, value{is, "workflow.parameters." + p.Name})
	}
	entry := m.composite(0)
	m.spec.Entrypoint = entry.Name
	// What the entry needs comes from the arguments.
	for i := range entry.Inputs.Parameters {
		if p := entry.Inputs.Parameters[i]; p.Default == nil {
			is, _, _ := strings.Cut(p.Name, "-")
			m.spec.Arguments.Parameters = append(m.spec.Arguments.Parameters, v1alpha1.Parameter{Name: p.Name, Value: v1alpha1.AnyStringPtr(among(m, samples[sort(is)]))})
		}
	}
	for i := range entry.Inputs.Artifacts {
		a := v1alpha1.Artifact{Name: entry.Inputs.Artifacts[i].Name}
		a.Raw = &v1alpha1.RawArtifact{Data: "x"}
		m.spec.Arguments.Artifacts = append(m.spec.Arguments.Artifacts, a)
	}
	if m.one(3) {
		handler := m.template(m.name(string(aText)))
		handler.Container = &corev1.Container{Image: "i", Args: []string{"{{workflow.status}} {{workflow.failures}}"}}
		m.spec.Templates, m.spec.OnExit = append(m.spec.Templates, *handler), handler.Name
	}
	library := &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: libraryName, Namespace: "default"}}
	library.Spec.Templates = m.library
	return wf, library
}

func (m *maker) template(name string) *v1alpha1.Template { return &v1alpha1.Template{Name: name} }

// leaf makes a template that runs a pod or waits for a person; its output is of the given sort.
func (m *maker) leaf(is sort) *v1alpha1.Template {
	t := m.template(m.name(string(is)))
	m.inputs(t)
	var read []string
	for i := range t.Inputs.Parameters {
		read = append(read, "{{inputs.parameters."+t.Inputs.Parameters[i].Name+"}}")
	}
	for i := range t.Inputs.Artifacts {
		t.Inputs.Artifacts[i].Path = "/in/" + t.Inputs.Artifacts[i].Name
		read = append(read, "{{inputs.artifacts."+t.Inputs.Artifacts[i].Name+".path}}")
	}
	if len(t.Inputs.Artifacts) == 0 && m.one(12) {
		t.Suspend = &v1alpha1.SuspendTemplate{}
		t.Outputs.Parameters = []v1alpha1.Parameter{{Name: string(is) + "-out", ValueFrom: &v1alpha1.ValueFrom{Supplied: &v1alpha1.SuppliedValueFrom{}}}}
		m.add(t)
		return t
	}
	t.Outputs.Parameters = []v1alpha1.Parameter{{Name: string(is) + "-out", ValueFrom: &v1alpha1.ValueFrom{Path: "/out"}}}
	if m.one(2) {
		t.Outputs.Artifacts = v1alpha1.Artifacts{{Name: "made", Path: "/made"}}
		read = append(read, "{{outputs.artifacts.made.path}}")
	}
	switch m.Intn(3) {
	case 0:
		t.Script = &v1alpha1.ScriptTemplate{Source: strings.Join(read, " ") + "{{ not.ours }} {{pod.name}}"}
		t.Script.Image = "i"
	default:
		t.Container = &corev1.Container{Image: "i", Args: read}
	}
	if m.one(5) {
		t.RetryStrategy = &v1alpha1.RetryStrategy{Limit: number(1 + m.Intn(3))}
		if m.one(2) {
			t.RetryStrategy.Expression = "asInt(lastRetry.exitCode) > 1"
		}
	}
	if m.one(8) {
		t.Timeout = "1h"
	}
	m.add(t)
	return t
}

func number(n int) *intstr.IntOrString {
	v := intstr.FromInt32(int32(n))
	return &v
}

// add puts a template into the workflow, or a leaf, in which nothing belongs to the workflow, into the library.
func (m *maker) add(t *v1alpha1.Template) {
	m.made = append(m.made, t)
	if !t.IsComposite() && m.one(5) {
		m.library, m.kept[t.Name] = append(m.library, *t), true
		return
	}
	m.spec.Templates = append(m.spec.Templates, *t)
}

func (m *maker) inputs(t *v1alpha1.Template) {
	for range m.Intn(3) {
		is := m.sort()
		p := v1alpha1.Parameter{Name: m.name(string(is))}
		if m.one(4) {
			p.Default = v1alpha1.AnyStringPtr(among(m, samples[is]))
		}
		t.Inputs.Parameters = append(t.Inputs.Parameters, p)
	}
	if m.one(4) {
		t.Inputs.Artifacts = v1alpha1.Artifacts{{Name: m.name("file"), Optional: m.one(4)}}
	}
}

// viewpoint is where a text of a composite stands: what it sees.
type viewpoint struct {
	values    []value
	artifacts []string // names of tags
}

// text writes a text of a sort, from what is seen.
func (m *maker) text(at *viewpoint, is sort) string {
	seen := slices.DeleteFunc(slices.Clone(append(slices.Clone(m.globals), at.values...)), func(v value) bool { return v.sort != is })
	if len(seen) == 0 || m.one(4) {
		return among(m, samples[is])
	}
	v := among(m, seen)
	inLoop := strings.HasPrefix(v.name, "item")
	if inLoop || m.one(2) {
		return v.asTag()
	}
	switch is {
	case aText:
		return among(m, []string{
			"before " + v.asTag() + " after", "{{=" + v.asMember() + " + '!'}}", "{{=upper(" + v.asMember() + ")}}", "{{= " + v.asMember() + " ?? 'none' }}",
			"{{=len(" + v.asMember() + ") > 1 ? 'long' : 'short'}}",
		})
	case aNumber:
		return among(m, []string{"{{=asInt(" + v.asMember() + ") + 1}}", "{{=string(asInt(" + v.asMember() + ") * 2)}}", "{{=int(" + v.asMember() + ")}}"})
	case aList:
		return among(m, []string{"{{=toJson(['a', " + v.asMember() + "])}}", "{{=toJson(fromJSON(" + v.asMember() + "))}}"})
	}
	return "{{=toJson([{'key': 'k', 'size': len(" + v.asMember() + ")}])}}"
}

// condition writes a condition.
func (m *maker) condition(at *viewpoint) string {
	if m.one(3) {
		return among(m, []string{"true", "1 == 1", "a in (a, b)", "!false"})
	}
	n := m.text(at, aNumber)
	if strings.HasPrefix(n, "{{=") {
		return n + among(m, []string{" >= 0", " != 5", " < 1000 && true"})
	}
	return n + among(m, []string{" >= 0", " != 5", " == 7 || true", " in (1, 2, 7)"})
}

// play says what the pods of a made workflow do: they give values of the sorts that they promise.
func play(dice *rand.Rand) enginetest.Script {
	return func(request engine.PodRequest) enginetest.Outcome {
		is, _, _ := strings.Cut(request.Template.Name, "-")
		text := samples[sort(is)][dice.Intn(len(samples[sort(is)]))]
		outcome := enginetest.Outcome{Result: &text, Parameters: map[string]string{}}
		for i := range request.Template.Outputs.Parameters {
			outcome.Parameters[request.Template.Outputs.Parameters[i].Name] = text
		}
		return outcome
	}
}
