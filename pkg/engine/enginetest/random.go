package enginetest

import (
	"fmt"
	"hash/fnv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// Generator makes random workflows.
type Generator struct {
	Dice
	// OrderFree leaves out what ends differently when pods end in another order: failFast.
	OrderFree bool
	count     int
	templates []v1alpha1.Template
}

// Workflow makes a workflow of a few dozen nodes.
func (g *Generator) Workflow() *v1alpha1.Workflow {
	g.templates = []v1alpha1.Template{leaf("ok"), leaf("mixed")}
	g.count = 0
	wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "ns"}}
	wf.Spec.Entrypoint = g.composite(0)
	if g.Intn(4) == 0 {
		wf.Spec.Parallelism = number(1 + g.Intn(3))
	}
	if g.Intn(3) == 0 {
		wf.Spec.OnExit = "mixed"
	}
	if g.Intn(6) == 0 {
		wf.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "work"}}}
	}
	wf.Spec.Templates = g.templates
	return wf
}

// Outcomes is a script in which what a pod does follows from its node's name: most succeed.
func Outcomes(request engine.PodRequest) Outcome {
	if request.Template.Name == "ok" {
		return Outcome{}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(request.NodeName))
	switch h.Sum32() % 7 {
	case 0:
		return Outcome{ExitCode: 1}
	case 1:
		if h.Sum32()%3 == 0 {
			return Outcome{Vanishes: true}
		}
		return Outcome{Refused: "forbidden"}
	}
	return Outcome{}
}

func leaf(name string) v1alpha1.Template {
	t := v1alpha1.Template{Name: name}
	t.Inputs.Parameters = []v1alpha1.Parameter{{Name: "p", Default: anyText("d")}}
	t.Script = &v1alpha1.ScriptTemplate{Source: "echo {{inputs.parameters.p}}"}
	t.Script.Image = "i"
	return t
}

func anyText(s string) *v1alpha1.AnyString { a := v1alpha1.AnyString(s); return &a }

func number(n int) *int64 { m := int64(n); return &m }

func (g *Generator) name(kind string) string {
	g.count++
	return fmt.Sprintf("%s%d", kind, g.count)
}

// template picks something to call: a leaf, a suspension or a new composite.
func (g *Generator) template(depth int) string {
	switch n := g.Intn(10); {
	case depth < 3 && n < 3:
		return g.composite(depth + 1)
	case n == 3:
		t := v1alpha1.Template{Name: g.name("wait"), Suspend: &v1alpha1.SuspendTemplate{Duration: "3"}}
		g.templates = append(g.templates, t)
		return t.Name
	case n == 4:
		t := leaf(g.name("again"))
		t.RetryStrategy = &v1alpha1.RetryStrategy{Limit: intOrString(g.Intn(3)), RetryPolicy: v1alpha1.RetryPolicyAlways}
		if g.Intn(2) == 0 {
			t.RetryStrategy.Backoff = &v1alpha1.Backoff{Duration: "2"}
		}
		g.templates = append(g.templates, t)
		return t.Name
	case n < 7:
		return "ok"
	}
	return "mixed"
}

func intOrString(n int) *intstr.IntOrString { v := intstr.FromInt32(int32(n)); return &v }

func (g *Generator) composite(depth int) string {
	if g.Intn(2) == 0 {
		return g.steps(depth)
	}
	return g.dag(depth)
}

func (g *Generator) limits(t *v1alpha1.Template) {
	if g.Intn(4) == 0 {
		t.Parallelism = number(1 + g.Intn(2))
	}
	if !g.OrderFree && g.Intn(6) == 0 {
		yes := true
		t.FailFast = &yes
	}
	if g.Intn(8) == 0 {
		t.RetryStrategy = &v1alpha1.RetryStrategy{Limit: intOrString(1)}
	}
}

func (g *Generator) steps(depth int) string {
	t := v1alpha1.Template{Name: g.name("steps")}
	g.limits(&t)
	var earlier []string
	for i := range 1 + g.Intn(3) {
		var group v1alpha1.ParallelSteps
		var names []string
		for j := range 1 + g.Intn(3) {
			s := v1alpha1.WorkflowStep{Name: fmt.Sprintf("s%d-%d", i, j), Template: g.template(depth)}
			g.dress(&s, "steps", earlier)
			if g.Intn(3) == 0 {
				s.ContinueOn = &v1alpha1.ContinueOn{Failed: true, Error: g.Intn(2) == 0}
			}
			if s.WithParam == "" && s.WithSequence == nil { // a loop has no status
				names = append(names, s.Name)
			}
			group.Steps = append(group.Steps, s)
		}
		earlier = append(earlier, names...)
		t.Steps = append(t.Steps, group)
	}
	g.templates = append(g.templates, t)
	return t.Name
}

// dress adds a condition, a loop or a hook.
func (g *Generator) dress(s *v1alpha1.WorkflowStep, root string, earlier []string) {
	if len(earlier) > 0 && g.Intn(4) == 0 {
		other := earlier[g.Intn(len(earlier))]
		s.When = "{{" + root + "." + other + ".status}} == Succeeded"
	}
	switch g.Intn(8) {
	case 0:
		s.WithParam = `["a","b",{"k":"v"}]`
		s.Arguments.Parameters = []v1alpha1.Parameter{{Name: "p", Value: anyText("{{item}}")}}
	case 1:
		s.WithSequence = &v1alpha1.Sequence{Count: intOrString(g.Intn(4))}
	}
	if g.Intn(5) == 0 {
		s.Hooks = v1alpha1.LifecycleHooks{"exit": {Template: "mixed"}}
		if g.Intn(2) == 0 {
			s.Hooks["seen"] = v1alpha1.LifecycleHook{Template: "ok", Expression: root + "['" + s.Name + "'].status == 'Succeeded'"}
		}
	}
	if s.WithParam != "" || s.WithSequence != nil {
		s.When = ""
	}
}

func (g *Generator) dag(depth int) string {
	t := v1alpha1.Template{Name: g.name("dag"), DAG: &v1alpha1.DAGTemplate{}}
	g.limits(&t)
	if no := false; g.OrderFree || g.Intn(3) == 0 {
		t.DAG.FailFast = &no
	}
	var earlier []string
	for i := range 1 + g.Intn(5) {
		task := v1alpha1.DAGTask{Name: fmt.Sprintf("t-%d", i)}
		s := v1alpha1.WorkflowStep{Name: task.Name, Template: g.template(depth)}
		if len(earlier) > 0 && g.Intn(4) > 0 {
			var terms []string
			for range 1 + g.Intn(2) {
				other := earlier[g.Intn(len(earlier))]
				terms = append(terms, other+[]string{"", "", ".Succeeded", ".Failed", ".Omitted", ".Errored", ".AnySucceeded"}[g.Intn(7)])
			}
			task.Depends = strings.Join(terms, []string{" && ", " || "}[g.Intn(2)])
		}
		g.dress(&s, "tasks", nil)
		task.Template, task.Arguments, task.When = s.Template, s.Arguments, s.When
		task.WithParam, task.WithSequence, task.Hooks = s.WithParam, s.WithSequence, s.Hooks
		earlier = append(earlier, task.Name)
		t.DAG.Tasks = append(t.DAG.Tasks, task)
	}
	g.templates = append(g.templates, t)
	return t.Name
}
