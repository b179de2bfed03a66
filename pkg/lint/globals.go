package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// globals are the names below `workflow.`: V-181 to V-184, V-187.
type globals struct {
	parameters  []string
	labels      map[string]bool
	annotations map[string]bool
	priority    bool
	// Outputs that some template exports, and whether some export under a name that is not known yet.
	outputParameters, outputArtifacts map[string]bool
	anyOutputParameter, anyArtifact   bool

	readAll bool // the parameters are read as a whole
	read    map[string]bool
}

func (p *program) makeGlobals() {
	g := &globals{
		labels: maps.Clone(p.meta.labels), annotations: maps.Clone(p.meta.annotations), priority: p.spec.Priority != nil || p.rules.alone,
		outputParameters: map[string]bool{}, outputArtifacts: map[string]bool{}, read: map[string]bool{},
	}
	for i := range p.spec.Arguments.Parameters {
		g.parameters = append(g.parameters, p.spec.Arguments.Parameters[i].Name)
	}
	if m := p.spec.WorkflowMetadata; m != nil {
		for key := range m.Labels {
			g.labels[key] = true
		}
		for key := range m.LabelsFrom {
			g.labels[key] = true
		}
		for key := range m.Annotations {
			g.annotations[key] = true
		}
	}
	for _, u := range p.order {
		g.addOutputs(&u.template.Outputs)
	}
	g.anyOutputParameter = g.anyOutputParameter || p.partial
	g.anyArtifact = g.anyArtifact || p.partial
	p.globals = g
}

func (g *globals) addOutputs(outputs *v1alpha1.Outputs) {
	for i := range outputs.Parameters {
		if name := outputs.Parameters[i].GlobalName; name != "" {
			g.outputParameters[name] = true
			g.anyOutputParameter = g.anyOutputParameter || hasTag(name)
		}
	}
	for i := range outputs.Artifacts {
		if name := outputs.Artifacts[i].GlobalName; name != "" {
			g.outputArtifacts[name] = true
			g.anyArtifact = g.anyArtifact || hasTag(name)
		}
	}
}

// verdict says whether a name is known where it stands.
type verdict struct {
	known   bool
	soft    bool   // if it is not, that may still be right, depending on others
	instead bool   // another name is meant, of which the expression sees only a part
	reason  string // why it is not
}

var isKnown = verdict{known: true}

func unknown(reason string) verdict { return verdict{reason: reason} }

// nothingBehindDot judges names that end with a dot.
var nothingBehindDot = unknown("nothing stands behind the last dot; name what is meant, or leave the dot out")

// reservedLabel tells labels and annotations that the system itself sets.
func reservedLabel(key string) bool { return strings.HasPrefix(key, "workflows.argoproj.io/") }

// global judges a name below `workflow.`.
func (p *program) global(rest string, exit bool) verdict {
	g := p.globals
	head, name, dotted := strings.Cut(rest, ".")
	if dotted && name == "" {
		return nothingBehindDot
	}
	switch head {
	case "name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "status", "scheduledTime", "duration":
		if !dotted {
			return isKnown
		}
	case "creationTimestamp":
		return creationFormat(name)
	case "priority":
		if g.priority && !dotted {
			return isKnown
		}
		return unknown("the workflow has no spec.priority")
	case "failures":
		if exit && !dotted {
			return isKnown
		}
		return unknown("only exit handlers and hooks know it")
	case "parameters":
		return p.globalParameter(name)
	case "labels":
		return p.globalMetadata(name, g.labels, "label")
	case "annotations":
		return p.globalMetadata(name, g.annotations, "annotation")
	case "outputs":
		return p.globalOutput(name)
	}
	return unknown("there is no such variable" + p.didYouMean("workflow."+rest, p.globalNames()))
}

// creationFormat: VAR-06. What the engine does not know, it refuses when it meets it.
func creationFormat(name string) verdict {
	formats := engine.CreationFormats()
	if name == "" || slices.Contains(formats, name) {
		return isKnown
	}
	if letter := strings.TrimPrefix(name, "%"); letter != name && slices.Contains(formats, letter) {
		return unknown(fmt.Sprintf("write workflow.creationTimestamp.%s", letter))
	}
	return unknown("its formats are " + strings.Join(formats, ", "))
}

func (p *program) globalParameter(name string) verdict {
	g := p.globals
	if name == "" || name == "json" && !slices.Contains(g.parameters, "json") {
		g.readAll = true
		if len(g.parameters) > 0 || p.rules.alone {
			return isKnown
		}
		return unknown("the workflow has no parameters")
	}
	g.read[name] = true
	if p.rules.alone || slices.Contains(g.parameters, name) {
		return isKnown
	}
	return unknown("the workflow has no such parameter" + p.didYouMean(name, g.parameters))
}

func (p *program) globalMetadata(name string, known map[string]bool, what string) verdict {
	if name == "" || name == "json" || known[name] || reservedLabel(name) {
		return isKnown
	}
	own := slices.DeleteFunc(slices.Sorted(maps.Keys(known)), reservedLabel)
	v := unknown("the workflow has no such " + what + p.didYouMean(name, own))
	v.soft = p.rules.alone
	return v
}

func (p *program) globalOutput(rest string) verdict {
	g := p.globals
	kind, name, _ := strings.Cut(rest, ".")
	known, open := g.outputParameters, g.anyOutputParameter
	switch kind {
	case "parameters":
	case "artifacts":
		known, open = g.outputArtifacts, g.anyArtifact
	default:
		return unknown("a workflow has outputs.parameters and outputs.artifacts")
	}
	if open || known[name] {
		return isKnown
	}
	v := unknown("no output has this globalName" + p.didYouMean(name, slices.Sorted(maps.Keys(known))))
	v.soft = p.rules.alone
	return v
}

// globalNames lists what can be meant by a name that is not known.
func (p *program) globalNames() []string {
	if p.compared > mostCompared {
		return nil // nothing is suggested any more
	}
	names := []string{
		"workflow.name", "workflow.namespace", "workflow.uid", "workflow.mainEntrypoint", "workflow.serviceAccountName",
		"workflow.status", "workflow.duration", "workflow.failures", "workflow.creationTimestamp", "workflow.scheduledTime",
		"workflow.priority", "workflow.parameters", "workflow.labels", "workflow.annotations",
	}
	for _, name := range p.globals.parameters {
		names = append(names, "workflow.parameters."+name)
	}
	return names
}
