package validation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/itchyny/gojq"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateQuery checks how a part of an object is found, before there is an object (TPL-05).
func validateQuery(from *v1alpha1.ValueFrom, path *field.Path) (errs field.ErrorList) {
	if text := from.JSONPath; text != "" && !hasTag(text) {
		if err := jsonpath.New("output").Parse(text); err != nil {
			errs = append(errs, field.Invalid(path.Child("jsonPath"), text, "must be a JSON path as kubectl takes it, such as {.status.phase}: "+err.Error()))
		}
	}
	if text := from.JQFilter; text != "" && !hasTag(text) {
		query, err := gojq.Parse(text)
		if err == nil {
			_, err = gojq.Compile(query)
		}
		if err != nil {
			errs = append(errs, field.Invalid(path.Child("jqFilter"), text, "must be a filter as jq takes it, such as .status.phase: "+err.Error()))
		}
	}
	return errs
}

// validateManifest checks V-114, and that there is one object where conditions and outputs ask about it.
func validateManifest(template *v1alpha1.Template, path *field.Path) field.ErrorList {
	manifest := template.Resource.Manifest
	if manifest == "" {
		return nil
	}
	objects := 0
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(withoutTags(manifest))))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var object any
		if err == nil {
			err = yaml.Unmarshal(document, &object)
		}
		if err != nil {
			return field.ErrorList{field.Invalid(path, firstLine(manifest), "resource.manifest must be a valid yaml: "+err.Error())}
		}
		if object != nil && len(bytes.TrimSpace(document)) > 0 {
			objects++
		}
	}
	if objects > 1 && asksAboutObject(template) {
		return field.ErrorList{field.Invalid(path, firstLine(manifest), fmt.Sprintf(
			"it has %d objects; conditions and outputs are possible for one: give the others templates of their own", objects))}
	}
	return nil
}

// asksAboutObject tells whether a resource template has conditions, or outputs that are parts of the object.
func asksAboutObject(template *v1alpha1.Template) bool {
	resource := template.Resource
	if resource.Action == "delete" {
		return false
	}
	if resource.SuccessCondition != "" || resource.FailureCondition != "" {
		return true
	}
	for i := range template.Outputs.Parameters {
		if from := template.Outputs.Parameters[i].ValueFrom; from != nil && (from.JSONPath != "" || from.JQFilter != "") {
			return true
		}
	}
	return false
}
