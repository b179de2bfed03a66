package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// compositeOutputs works out the outputs that a steps or dag template declares (FLOW-07, DAG-12, PRM-06, PRM-07).
func (r *Run) compositeOutputs(c *composite, siblings expr.Scope, find artifactFinder) (*v1alpha1.Outputs, error) {
	scope := c.scope(siblings)
	outputs := &v1alpha1.Outputs{}
	for i := range c.t.spec.Outputs.Parameters {
		p := c.t.spec.Outputs.Parameters[i]
		value, err := r.outputValue(&p, scope)
		if err != nil {
			return nil, err
		}
		p.Value, p.ValueFrom = value, nil
		outputs.Parameters = append(outputs.Parameters, p)
	}
	for i := range c.t.spec.Outputs.Artifacts {
		a, err := r.outputArtifact(&c.t.spec.Outputs.Artifacts[i], scope, find)
		if err != nil {
			return nil, err
		}
		if a != nil {
			outputs.Artifacts = append(outputs.Artifacts, *a)
		}
	}
	r.exportGlobals(outputs)
	return outputs, nil
}

func (r *Run) outputValue(p *v1alpha1.Parameter, scope expr.Scope) (*v1alpha1.AnyString, error) {
	from := p.ValueFrom
	if from == nil {
		if p.Value == nil {
			return nil, fmt.Errorf("outputs.parameters.%s has neither value nor valueFrom", p.Name)
		}
		from = &v1alpha1.ValueFrom{Parameter: string(*p.Value)}
	}
	var text string
	var err error
	if from.Expression != "" {
		text, err = r.evaluate(from.Expression, scope)
	} else {
		text, err = r.cache.RenderString(from.Parameter, scope, expr.Strict)
	}
	if err == nil {
		if name, absent := expr.FindAbsent(text); absent {
			err = absentError(name)
		}
	}
	if err != nil {
		if from.Default != nil {
			return from.Default, nil
		}
		return nil, fmt.Errorf("outputs.parameters.%s: %w", p.Name, err)
	}
	value := v1alpha1.AnyString(text)
	return &value, nil
}

// evaluate gives the text of a bare expression. Tags in it are replaced first.
func (r *Run) evaluate(source string, scope expr.Scope) (string, error) {
	source, err := r.cache.RenderString(source, scope, expr.Lenient)
	if err != nil {
		return "", fmt.Errorf("failed to evaluate expression: %w", err)
	}
	program, err := r.cache.Program(source)
	if err != nil {
		return "", fmt.Errorf("failed to evaluate expression: %w", err)
	}
	text, err := program.Text(scope)
	if err != nil {
		return "", fmt.Errorf("failed to evaluate expression: %w", err)
	}
	return text, nil
}

// outputArtifact finds an output of a composite; nil: it has none of that name.
func (r *Run) outputArtifact(declared *v1alpha1.Artifact, scope expr.Scope, find artifactFinder) (*v1alpha1.Artifact, error) {
	if declared.From == "" && declared.FromExpression == "" {
		return nil, nil
	}
	from, err := r.cache.RenderString(declared.From, scope, expr.Lenient)
	if err != nil {
		return nil, fmt.Errorf("outputs.artifacts.%s: %w", declared.Name, err)
	}
	named := *declared
	named.From = from
	name, found, absent, err := r.referredArtifact(&named, scope, find)
	switch {
	case err != nil && declared.Optional:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("outputs.artifacts.%s: %w", declared.Name, err)
	case found != nil:
		a, err := takeArtifact(declared, found)
		if err != nil {
			return nil, fmt.Errorf("outputs.artifacts.%s: %w", declared.Name, err)
		}
		a.GlobalName = declared.GlobalName
		return a, nil
	case absent && declared.Optional:
		return nil, nil
	}
	return nil, fmt.Errorf("outputs.artifacts.%s: failed to resolve {{%s}}", declared.Name, name)
}

// exportGlobals copies outputs with a globalName to the workflow's outputs; the last writer wins (PRM-13).
func (r *Run) exportGlobals(outputs *v1alpha1.Outputs) {
	if outputs == nil {
		return
	}
	for i := range outputs.Parameters {
		p := outputs.Parameters[i]
		if p.GlobalName == "" || p.Value == nil {
			continue
		}
		p.Name, p.GlobalName, p.ValueFrom = p.GlobalName, "", nil
		global := r.globalOutputs()
		if known := global.GetParameterByName(p.Name); known != nil {
			*known = p
		} else {
			global.Parameters = append(global.Parameters, p)
		}
	}
	for i := range outputs.Artifacts {
		a := outputs.Artifacts[i]
		if a.GlobalName == "" {
			continue
		}
		a.Name, a.GlobalName = a.GlobalName, ""
		global := r.globalOutputs()
		if known := global.Artifacts.GetArtifactByName(a.Name); known != nil {
			*known = a
		} else {
			global.Artifacts = append(global.Artifacts, a)
		}
	}
}

func (r *Run) globalOutputs() *v1alpha1.Outputs {
	if r.status.Outputs == nil {
		r.status.Outputs = &v1alpha1.Outputs{}
	}
	r.statusChanged = true
	return r.status.Outputs
}
