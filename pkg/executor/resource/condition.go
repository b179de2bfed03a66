package resource

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// conditions are what an object has to be like (TPL-04). They are written like label selectors, with paths into the object in
// place of label names.
type conditions struct {
	success, failure labels.Requirements
}

// parseConditions reads both; an empty text is no condition.
func parseConditions(r *step) (*conditions, error) {
	c := &conditions{}
	for _, p := range []struct {
		field, text string
		into        *labels.Requirements
	}{{"successCondition", r.SuccessCondition, &c.success}, {"failureCondition", r.FailureCondition, &c.failure}} {
		selector, err := labels.Parse(p.text)
		if err != nil {
			return nil, fmt.Errorf("%s '%s' cannot be read: %w", p.field, p.text, err)
		}
		*p.into, _ = selector.Requirements()
	}
	return c, nil
}

func (c *conditions) none() bool { return len(c.success) == 0 && len(c.failure) == 0 }

// met tells whether the object is as wanted. An error means that it never will be.
func (c *conditions) met(object *unstructured.Unstructured) (bool, error) {
	text, err := json.Marshal(object.Object)
	if err != nil {
		return false, err
	}
	values := paths(text)
	for i := range c.failure {
		if c.failure[i].Matches(values) {
			return false, fmt.Errorf("failure condition '%s' evaluated true", c.failure[i].String())
		}
	}
	for i := range c.success {
		if !c.success[i].Matches(values) {
			return false, nil
		}
	}
	return true, nil
}

// paths is an object whose parts are looked up like labels.
type paths []byte

var _ labels.Labels = paths(nil)

// Has tells whether there is something at a path.
func (p paths) Has(path string) bool { return gjson.GetBytes(p, path).Exists() }

// Get is the text of what is at a path.
func (p paths) Get(path string) string { return gjson.GetBytes(p, path).String() }

// Lookup is both.
func (p paths) Lookup(path string) (string, bool) {
	r := gjson.GetBytes(p, path)
	return r.String(), r.Exists()
}
