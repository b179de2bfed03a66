package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// globalScope gives the `workflow.` variables (VAR-01 to VAR-12). What is fixed is worked out once; outputs, status and
// duration are asked for each time.
type globalScope struct {
	run    *Run
	fixed  expr.Map
	ending expr.Map // what the exit handler knows; nil before
	begun  bool     // the run's own arguments are worked out: from here on the workflow's status can be asked for (VAR-09)
}

// Get implements expr.Scope.
func (g *globalScope) Get(name string) expr.Value {
	if !strings.HasPrefix(name, "workflow.") {
		return expr.Value{}
	}
	if v, ok := g.fixed[name]; ok {
		return expr.Text(v)
	}
	if v, ok := g.ending[name]; ok {
		return expr.Text(v)
	}
	if name == "workflow.status" && g.begun && g.run.status.Phase != v1alpha1.WorkflowUnknown {
		return expr.Text(string(g.run.status.Phase))
	}
	switch name {
	case "workflow.status", "workflow.failures", "workflow.scheduledTime", "workflow.priority": // the last two need not be there
		return expr.Value{State: expr.Late}
	case "workflow.duration":
		return expr.Text(g.run.duration())
	}
	if output, ok := strings.CutPrefix(name, "workflow.outputs.parameters."); ok {
		if g.run.status.Outputs != nil {
			if p := g.run.status.Outputs.GetParameterByName(output); p != nil && p.Value != nil {
				return expr.Text(string(*p.Value))
			}
		}
		return expr.Value{}
	}
	if strings.HasPrefix(name, "workflow.outputs.artifacts.") {
		return expr.Value{State: expr.Late}
	}
	return expr.Value{}
}

// Below implements expr.Scope.
func (g *globalScope) Below(prefix string) []string {
	if !strings.HasPrefix(prefix, "workflow") {
		return nil
	}
	names := g.fixed.Below(prefix)
	if out := g.run.status.Outputs; out != nil && strings.HasPrefix("workflow.outputs.parameters", prefix) {
		for i := range out.Parameters {
			names = append(names, "workflow.outputs.parameters."+out.Parameters[i].Name)
		}
	}
	return names
}

// duration is how long the workflow has run, in seconds.
func (r *Run) duration() string {
	if r.status.StartedAt.IsZero() {
		return "0.000000"
	}
	end := r.now.Time
	if !r.status.FinishedAt.IsZero() {
		end = r.status.FinishedAt.Time
	}
	return strconv.FormatFloat(end.Sub(r.status.StartedAt.Time).Seconds(), 'f', 6, 64)
}

// setGlobals works out the fixed variables. A parameter without a value is an error; a *pending error: read a ConfigMap first.
func (r *Run) setGlobals() error {
	g := &globalScope{run: r, fixed: expr.Map{}}
	r.globals = g
	account := r.spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	for name, value := range map[string]string{
		"name": r.wf.Name, "namespace": r.wf.Namespace, "uid": string(r.wf.UID), "mainEntrypoint": r.spec.Entrypoint, "serviceAccountName": account,
	} {
		g.fixed["workflow."+name] = value
	}
	if r.spec.Priority != nil {
		g.fixed["workflow.priority"] = strconv.Itoa(int(*r.spec.Priority))
	}
	if at, ok := r.wf.Annotations[v1alpha1.AnnotationKeyCronWfScheduledTime]; ok {
		g.fixed["workflow.scheduledTime"] = at
	}
	g.setCreation(r.wf.CreationTimestamp.Time)
	r.setMetadataGlobals()
	if err := r.setParameters(g); err != nil {
		return err
	}
	g.begun = true
	return nil
}

// setMetadataGlobals is repeated when labels or annotations change.
func (r *Run) setMetadataGlobals() {
	g := r.globals
	for kind, values := range map[string]map[string]string{"labels": r.wf.Labels, "annotations": r.wf.Annotations} {
		if values == nil {
			values = map[string]string{}
		}
		text := jsonText(values)
		g.fixed["workflow."+kind], g.fixed["workflow."+kind+".json"] = text, text
		for key, value := range values {
			g.fixed["workflow."+kind+"."+key] = value
		}
	}
}

func (r *Run) setParameters(g *globalScope) error {
	parameters := make([]v1alpha1.Parameter, 0, len(r.spec.Arguments.Parameters))
	read := map[string]v1alpha1.AnyString{}
	for _, p := range r.spec.Arguments.Parameters {
		value := p.Value
		var err error
		switch {
		case value != nil:
			value, err = r.globalText(*value)
		case p.ValueFrom != nil && p.ValueFrom.ConfigMapKeyRef != nil:
			if value, err = r.configMapValue(p.ValueFrom); err == nil && value != nil {
				read[p.Name] = *value
			}
		case p.Default != nil:
			value = p.Default
		}
		if err != nil {
			return err
		}
		if value == nil {
			return fmt.Errorf("either value or valueFrom must be specified in order to set global parameter %s", p.Name)
		}
		p.Value = value
		g.fixed["workflow.parameters."+p.Name] = string(*value)
		parameters = append(parameters, p)
	}
	r.freezeArguments(read)
	text := jsonText(parameters)
	g.fixed["workflow.parameters"], g.fixed["workflow.parameters.json"] = text, text
	artifacts, err := r.argumentArtifacts()
	r.arguments = v1alpha1.Arguments{Parameters: parameters, Artifacts: artifacts}
	return err
}

// argumentArtifacts are the artifacts that the workflow is given (ART-15), with the workflow's own values put in.
func (r *Run) argumentArtifacts() (v1alpha1.Artifacts, error) {
	given := r.spec.Arguments.Artifacts
	if len(given) == 0 {
		return nil, nil
	}
	text, err := r.cache.ParseObject(given)
	if err != nil || !text.HasTags() {
		return given, err
	}
	rendered, err := text.Render(r.globals, expr.Lenient)
	if err != nil {
		return nil, err
	}
	var artifacts v1alpha1.Artifacts
	err = json.Unmarshal([]byte(rendered), &artifacts)
	return artifacts, err
}

// freezeArguments keeps what was read from ConfigMaps in the stored spec: they are read once, whoever takes the run up later
// (PRM-04). Not kept is a value with tags, which would be replaced then, and nothing where the stored spec is to stay equal to
// its template.
func (r *Run) freezeArguments(read map[string]v1alpha1.AnyString) {
	if len(read) == 0 || !r.unstarted() || r.opts.Policy.Unchanged {
		return
	}
	stored := r.spec.DeepCopy()
	for name, value := range read {
		if p := stored.Arguments.GetParameterByName(name); p != nil && !r.cache.Parse(string(value)).HasTags() {
			p.Value = &value
		}
	}
	r.status.StoredWorkflowSpec = stored
	r.statusChanged = true
}

// creationFormats are the strftime letters of workflow.creationTimestamp (VAR-06).
var creationFormats = map[string]string{
	"a": "Mon", "A": "Monday", "b": "Jan", "B": "January", "d": "02", "m": "01", "y": "06", "Y": "2006", "H": "15", "I": "03",
	"M": "04", "S": "05", "p": "PM", "Z": "MST", "z": "-0700", "L": ".000",
}

// CreationFormats are the last parts that workflow.creationTimestamp can have, sorted (VAR-06).
func CreationFormats() []string {
	formats := slices.AppendSeq([]string{"RFC3339", "s"}, maps.Keys(creationFormats))
	slices.Sort(formats)
	return formats
}

func (g *globalScope) setCreation(at time.Time) {
	const prefix = "workflow.creationTimestamp"
	at = at.UTC()
	g.fixed[prefix] = at.Format(time.RFC3339)
	g.fixed[prefix+".RFC3339"] = at.Format(time.RFC3339)
	g.fixed[prefix+".s"] = strconv.FormatInt(at.Unix(), 10)
	for _, letter := range slices.Sorted(maps.Keys(creationFormats)) {
		g.fixed[prefix+"."+letter] = strings.TrimPrefix(at.Format(creationFormats[letter]), ".")
	}
}

func jsonText(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // our own types always encode
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
