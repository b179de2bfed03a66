package engine

import (
	"encoding/json"
	"fmt"
	"reflect"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// resolveInputs gives the inputs that a template declares the values that its caller supplies (PRM-02). Arguments that it does
// not declare are ignored (REF-07). A *pending error: a ConfigMap must be read first. Nil: it declares none.
func (r *Run) resolveInputs(t *template, c *call) (*v1alpha1.Inputs, error) {
	declared := &t.spec.Inputs
	if declared.IsEmpty() {
		return nil, nil
	}
	inputs := &v1alpha1.Inputs{}
	for i := range declared.Parameters {
		p := declared.Parameters[i]
		value, err := r.inputValue(&p, c.args.GetParameterByName(p.Name))
		if err != nil {
			return nil, err
		}
		inputs.Parameters = append(inputs.Parameters, v1alpha1.Parameter{
			Name: p.Name, Default: p.Default, Value: value, GlobalName: p.GlobalName, Enum: p.Enum, Description: p.Description,
		})
	}
	for i := range declared.Artifacts {
		a, err := r.inputArtifact(t, c, inputs, &declared.Artifacts[i], c.args.Artifacts.GetArtifactByName(declared.Artifacts[i].Name))
		if err != nil {
			return nil, err
		}
		if a != nil {
			inputs.Artifacts = append(inputs.Artifacts, *a)
		}
	}
	return inputs, nil
}

// inputValue goes through the places where a value may come from, in order of precedence.
func (r *Run) inputValue(declared, given *v1alpha1.Parameter) (*v1alpha1.AnyString, error) {
	if given != nil && given.Value != nil {
		return given.Value, nil
	}
	if given != nil && given.ValueFrom != nil {
		if value, err := r.configMapValue(given.ValueFrom); value != nil || err != nil {
			return value, err
		}
	}
	if declared.Value != nil {
		return r.globalText(*declared.Value)
	}
	if declared.ValueFrom != nil {
		if value, err := r.configMapValue(declared.ValueFrom); value != nil || err != nil {
			return value, err
		}
	}
	if declared.Default != nil {
		return r.globalText(*declared.Default)
	}
	return nil, fmt.Errorf("inputs.parameters.%s was not supplied", declared.Name)
}

func (r *Run) globalText(text v1alpha1.AnyString) (*v1alpha1.AnyString, error) {
	rendered, err := r.cache.RenderString(string(text), r.globals, expr.Lenient)
	if err != nil {
		return nil, err
	}
	value := v1alpha1.AnyString(rendered)
	return &value, nil
}

// configMapValue reads a key of a ConfigMap (PRM-04); nil when the value does not come from one. The default applies only
// when the object or key is missing.
func (r *Run) configMapValue(from *v1alpha1.ValueFrom) (*v1alpha1.AnyString, error) {
	ref := from.ConfigMapKeyRef
	if ref == nil {
		return nil, nil
	}
	name, err := r.cache.RenderString(ref.Name, r.globals, expr.Strict)
	if err != nil {
		return nil, err
	}
	key, err := r.cache.RenderString(ref.Key, r.globals, expr.Strict)
	if err != nil {
		return nil, err
	}
	request := TemplateRequest{Kind: RequestConfigMapParameter, Name: name, Key: key}
	answer, known := r.answers[request]
	switch {
	case !known:
		return nil, &pending{request: request}
	case answer.Value != nil:
		value := v1alpha1.AnyString(*answer.Value)
		return &value, nil
	case answer.NotFound && from.Default != nil:
		return from.Default, nil
	}
	return nil, fmt.Errorf("failed to read key %s of ConfigMap %s: %s", key, name, answer.Message)
}

// inputArtifact joins what an input declares (path, mode) with where the caller says it is; nil: optional and not there. A
// location that the template itself gives may refer to the parameters.
func (r *Run) inputArtifact(t *template, c *call, inputs *v1alpha1.Inputs, declared, given *v1alpha1.Artifact) (*v1alpha1.Artifact, error) {
	a := *declared
	if given != nil && given.Optional {
		a.Optional = true
	}
	if given != nil && hasLocation(given) {
		a.ArtifactLocation = given.ArtifactLocation
		if a.Archive == nil {
			a.Archive = given.Archive
		}
		a.Deleted = given.Deleted
		a.From, a.FromExpression, a.SubPath = "", "", ""
		return &a, nil
	}
	if hasLocation(&a) {
		text, err := r.cache.ParseObject(&a)
		if err != nil || !text.HasTags() {
			return &a, err
		}
		rendered, err := text.Render(r.callScope(c, t, inputs), expr.Strict)
		if err != nil {
			return nil, err
		}
		a = v1alpha1.Artifact{}
		return &a, json.Unmarshal([]byte(rendered), &a)
	}
	if a.Optional {
		return nil, nil
	}
	return nil, fmt.Errorf("inputs.artifacts.%s was not supplied", declared.Name)
}

func hasLocation(a *v1alpha1.Artifact) bool { return !reflect.ValueOf(a.ArtifactLocation).IsZero() }
