package validation

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateRetries checks a number of retries that has no tags: RTY-02.
func validateRetries(limit *intstr.IntOrString, path *field.Path) field.ErrorList {
	if limit == nil {
		return nil
	}
	retries := int(limit.IntVal)
	if limit.Type == intstr.String {
		var err error
		if retries, err = strconv.Atoi(strings.TrimSpace(limit.StrVal)); err != nil {
			return nil // no number at all, or not yet
		}
	}
	if retries < 0 {
		return field.ErrorList{field.Invalid(path, limit.String(), "must be 0 or more; leave it out to retry without limit")}
	}
	return nil
}

// validateNumberFormat checks how numbers of a withSequence are written (LOOP-03): printf puts complaints into the values otherwise.
func validateNumberFormat(format string, path *field.Path) field.ErrorList {
	if format == "" || hasTag(format) {
		return nil
	}
	written := fmt.Sprintf(strings.ReplaceAll(format, "%%", ""), 1)
	if !strings.Contains(written, "%!") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, format, `must have one verb of printf for a whole number, such as "%d", "%03d" or "host-%x"`)}
}
