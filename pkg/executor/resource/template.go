// Package resource does with an object of the cluster what a resource template says: create it, wait until it is as wanted,
// and report parts of it. It runs as the main container of the step's pod, with the rights of the pod's service account.
package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/packed"
)

const templateVariable = "ARGO_TEMPLATE"

// inputDir is where input artifacts without a path are.
const inputDir = "/argo/inputs/artifacts"

// step is a resource template.
type step = wfv1.ResourceTemplate

// readTemplate takes the template from the environment.
func readTemplate(getenv func(string) string) (*wfv1.Template, error) {
	text, err := packed.Text(templateVariable, getenv)
	if err != nil {
		return nil, err
	}
	t := &wfv1.Template{}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, fmt.Errorf("%s: %w", templateVariable, err)
	}
	if t.Resource == nil {
		return nil, fmt.Errorf("%s holds no resource template", templateVariable)
	}
	return t, nil
}

// manifestOf returns the manifest; empty when flags name the object.
func manifestOf(t *wfv1.Template, owner *metav1.OwnerReference) ([]byte, error) {
	r := t.Resource
	manifest := []byte(r.Manifest)
	if r.ManifestFrom != nil && r.ManifestFrom.Artifact != nil {
		var err error
		if manifest, err = os.ReadFile(manifestFile(t)); err != nil {
			return nil, fmt.Errorf("the manifest of manifestFrom.artifact cannot be read: %w", err)
		}
	}
	switch {
	case len(manifest) == 0 && len(r.Flags) == 0:
		return nil, errors.New("Must provide at least one of flags or manifest.") //nolint:staticcheck,revive // clients match on this text
	case owner == nil || len(manifest) == 0:
		return manifest, nil
	}
	return owned(manifest, owner)
}

func manifestFile(t *wfv1.Template) string {
	name := t.Resource.ManifestFrom.Artifact.Name
	for i := range t.Inputs.Artifacts {
		if a := &t.Inputs.Artifacts[i]; a.Name == name && a.Path != "" {
			return a.Path
		}
	}
	return filepath.Join(inputDir, name)
}

// owned adds an owner to the one object of a manifest (TPL-03).
func owned(manifest []byte, owner *metav1.OwnerReference) ([]byte, error) {
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(manifest, &object.Object); err != nil || object.Object == nil {
		return nil, fmt.Errorf("setOwnerReference needs a manifest that is one object: %w", err)
	}
	object.SetOwnerReferences(append(object.GetOwnerReferences(), *owner))
	return yaml.Marshal(object.Object)
}

// ownerOf is the workflow as the owner of what is created.
func ownerOf(group, name, uid string) *metav1.OwnerReference {
	yes := true
	return &metav1.OwnerReference{
		APIVersion: group + "/" + wfv1.Version, Kind: "Workflow", Name: name, UID: types.UID(uid), Controller: &yes, BlockOwnerDeletion: &yes,
	}
}

// kindOf is the kind that a manifest names; empty when it is no object.
func kindOf(manifest []byte) string {
	object := struct {
		Kind string `json:"kind"`
	}{}
	if err := yaml.Unmarshal(manifest, &object); err != nil {
		return ""
	}
	return object.Kind
}

// objectsIn reads what kubectl printed: one object after the other.
func objectsIn(out []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("what kubectl printed is not JSON: %w", err)
		}
		objects = append(objects, o)
	}
}
