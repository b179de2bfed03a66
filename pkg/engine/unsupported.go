package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// unsupported is the error of a template type that this version cannot run.
func unsupported(t *v1alpha1.Template) error {
	field := "plugin"
	if t.HTTP != nil {
		field = "http"
	}
	return fmt.Errorf("template %s: %s templates are not supported by this version", t.Name, field)
}

func untyped(t *v1alpha1.Template) error {
	return fmt.Errorf("template %s has no type: give it container, script, steps, dag, suspend or another one", t.Name)
}
