package engine

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// unsupported is the error of what a template asks for and this version cannot do; nil: it can do all of it.
func unsupported(t *v1alpha1.Template) error {
	field := ""
	switch {
	case t.HTTP != nil:
		field = "http"
	case t.Plugin != nil:
		field = "plugin"
	case t.Memoize != nil:
		field = "memoize"
	case t.Synchronization != nil:
		field = "synchronization"
	default:
		return nil
	}
	return fmt.Errorf("template %s: %s is not supported by this version", t.Name, field)
}

func untyped(t *v1alpha1.Template) error {
	return fmt.Errorf("template %s has no type: give it container, script, steps, dag, suspend or another one", t.Name)
}
