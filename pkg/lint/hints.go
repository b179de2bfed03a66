package lint

import (
	"fmt"
	"regexp"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// singleEquals is a sign that some languages compare with.
var singleEquals = regexp.MustCompile(`(?:^|[^=!<>~])=(?:[^=~]|$)`)

// equalsHint says how texts are compared, for a condition that cannot be decided and has a single =.
func equalsHint(condition string) string {
	if !singleEquals.MatchString(condition) {
		return ""
	}
	return "; write == to compare"
}

// inputMeant suggests what was meant by a name right below inputs: often it is that of an input, and the kind is missing.
func (p *program) inputMeant(in *v1alpha1.Inputs, name string) string {
	switch {
	case in.GetParameterByName(name) != nil:
		return fmt.Sprintf("; did you mean %q?", "inputs.parameters."+name)
	case in.Artifacts.GetArtifactByName(name) != nil:
		return fmt.Sprintf("; did you mean %q?", "inputs.artifacts."+name)
	}
	return p.didYouMean(name, []string{"parameters", "artifacts"})
}
