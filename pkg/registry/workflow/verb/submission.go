package verb

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// cutPair cuts `name=value`; false: it is none.
func cutPair(pair string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(pair, "=")
	return name, value, ok && name != ""
}

// checkSubmission finds what is wrong with options whatever they are for.
func checkSubmission(o *v1alpha1.SubmitOptions) field.ErrorList {
	errs := checkParameters(field.NewPath("parameters"), o.Parameters)
	if o.Name != "" && o.GenerateName != "" {
		errs = append(errs, field.Invalid(field.NewPath("generateName"), o.GenerateName, "excludes name"))
	}
	artifacts := field.NewPath("artifacts")
	for i, pair := range o.Artifacts {
		if _, key, ok := cutPair(pair); !ok || key == "" {
			errs = append(errs, field.Invalid(artifacts.Index(i), pair, "must be name=key, both not empty"))
		}
	}
	return errs
}

// applySubmission lays the options over a workflow (OPS-03). declared are the artifacts of what it is made from, which say
// where they are.
func applySubmission(wf *v1alpha1.Workflow, declared v1alpha1.Artifacts, o *v1alpha1.SubmitOptions) field.ErrorList {
	if o.Name != "" {
		wf.Name, wf.GenerateName = o.Name, ""
	}
	if o.GenerateName != "" {
		wf.GenerateName = o.GenerateName
	}
	spec := &wf.Spec
	for _, option := range []struct {
		value string
		field *string
	}{
		{o.Entrypoint, &spec.Entrypoint}, {o.ServiceAccount, &spec.ServiceAccountName}, {o.PodPriorityClassName, &spec.PodPriorityClassName},
	} {
		if option.value != "" {
			*option.field = option.value
		}
	}
	if o.Priority != nil {
		spec.Priority = o.Priority
	}
	for _, pair := range o.Parameters {
		name, value, _ := cutPair(pair)
		setParameter(&spec.Arguments, name, value)
	}
	var errs field.ErrorList
	for i, pair := range o.Artifacts {
		name, key, _ := cutPair(pair)
		err := setArtifact(&spec.Arguments, declared, name, key)
		if err == nil && spec.WorkflowTemplateRef != nil {
			err = checkUpload(wf.Namespace, key)
		}
		if err != nil {
			errs = append(errs, field.Invalid(field.NewPath("artifacts").Index(i), pair, err.Error()))
		}
	}
	wf.Labels = merged(wf.Labels, o.Labels)
	wf.Annotations = merged(wf.Annotations, o.Annotations)
	if o.OwnerReference != nil {
		wf.OwnerReferences = append(wf.OwnerReferences, *o.OwnerReference)
	}
	return errs
}

// setParameter gives an argument a value; one that is not there is added.
func setParameter(arguments *v1alpha1.Arguments, name, text string) {
	value := v1alpha1.AnyStringPtr(text)
	if p := arguments.GetParameterByName(name); p != nil {
		p.Value, p.ValueFrom = value, nil
		return
	}
	arguments.Parameters = append(arguments.Parameters, v1alpha1.Parameter{Name: name, Value: value})
}

// setArtifact gives an argument a key: in the place that the argument or the declared one of its name has, else in the
// artifact repository.
func setArtifact(arguments *v1alpha1.Arguments, declared v1alpha1.Artifacts, name, key string) error {
	if a := arguments.Artifacts.GetArtifactByName(name); a != nil {
		return placeArtifact(a, key)
	}
	known := declared.GetArtifactByName(name)
	if known == nil {
		return errors.New("artifact override(s) matched no artifact: " + name + "; " + oneOf(declared))
	}
	a := known.DeepCopy()
	if err := placeArtifact(a, key); err != nil {
		return err
	}
	arguments.Artifacts = append(slices.Clone(arguments.Artifacts), *a)
	return nil
}

// oneOf says which artifacts there are to choose from.
func oneOf(declared v1alpha1.Artifacts) string {
	if len(declared) == 0 {
		return "spec.arguments declares none"
	}
	names := make([]string, len(declared))
	for i := range declared {
		names[i] = declared[i].Name
	}
	return "spec.arguments declares " + strings.Join(names, ", ")
}

// uploadedKey is what the keys of uploads look like below their namespace: a UUID and the name of a file.
var uploadedKey = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/[^/]+$`)

// checkUpload keeps workflows that run a template away from what was uploaded to other namespaces. Other keys are no secret
// from who may create workflows here, as everybody may who submits: a workflow can name any.
func checkUpload(namespace, key string) error {
	clean := path.Clean("/" + key)[1:]
	if clean != "uploads" && !strings.HasPrefix(clean, "uploads/") {
		return nil
	}
	own, ok := strings.CutPrefix(key, "uploads/"+namespace+"/")
	if clean != key || !ok || !uploadedKey.MatchString(own) {
		return fmt.Errorf("the key of an upload must be uploads/%s/<UUID>/<file name>", namespace)
	}
	return nil
}

// placeArtifact sets the key. A location that is missing is a key and nothing else, in the only form that all repositories
// take one from (ART-08).
func placeArtifact(a *v1alpha1.Artifact, key string) error {
	if artifact.KindOf(&a.ArtifactLocation) == "" {
		a.S3 = &v1alpha1.S3Artifact{}
	}
	return location.SetKey(&a.ArtifactLocation, key)
}

// merged returns the old map with the new entries; the old map stays as it is.
func merged(old, added map[string]string) map[string]string {
	if len(added) == 0 {
		return old
	}
	result := make(map[string]string, len(old)+len(added))
	maps.Copy(result, old)
	maps.Copy(result, added)
	return result
}
