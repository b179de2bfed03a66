package engine

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// artifactFinder finds the artifact that a reference such as `steps.a.outputs.artifacts.x` names. absent: it is declared,
// but its producer was skipped or left it out.
type artifactFinder func(name string) (a *v1alpha1.Artifact, absent bool)

// passArtifacts replaces `from` and `fromExpression` in arguments by the artifact that they name (ART-03, ART-05). What is
// absent is not passed.
func (r *Run) passArtifacts(args *v1alpha1.Arguments, scope expr.Scope, find artifactFinder) error {
	if !slices.ContainsFunc(args.Artifacts, func(a v1alpha1.Artifact) bool { return a.From != "" || a.FromExpression != "" }) {
		return nil
	}
	passed := make(v1alpha1.Artifacts, 0, len(args.Artifacts))
	for i := range args.Artifacts {
		a := &args.Artifacts[i]
		if a.From == "" && a.FromExpression == "" {
			passed = append(passed, *a)
			continue
		}
		name, found, absent, err := r.referredArtifact(a, scope, find)
		switch {
		case err != nil && a.Optional:
			continue
		case err != nil:
			return fmt.Errorf("arguments.artifacts.%s: %w", a.Name, err)
		case absent, found == nil && a.Optional:
			continue
		case found == nil:
			return fmt.Errorf("failed to resolve {{%s}}", name)
		}
		resolved, err := takeArtifact(a, found)
		if err != nil {
			return fmt.Errorf("arguments.artifacts.%s: %w", a.Name, err)
		}
		resolved.Optional = a.Optional
		passed = append(passed, *resolved)
	}
	args.Artifacts = passed
	return nil
}

// referredArtifact finds what an artifact's `from` or `fromExpression` names.
func (r *Run) referredArtifact(a *v1alpha1.Artifact, scope expr.Scope, find artifactFinder) (name string, found *v1alpha1.Artifact, absent bool, err error) {
	name = tagName(a.From)
	if a.FromExpression != "" {
		source := strings.TrimSpace(strings.TrimPrefix(tagName(a.FromExpression), "="))
		text, err := r.evaluate(source, expr.Scopes{artifactNames{find}, scope})
		if err != nil {
			return "", nil, false, err
		}
		if _, gone := expr.AbsentText(text); gone {
			return source, nil, true, nil
		}
		name = strings.TrimPrefix(text, artifactMark)
	}
	found, absent = find(name)
	return name, found, absent, nil
}

// takeArtifact is an artifact as its producer left it, under the name of who refers to it, or the part of it that subPath
// names (ART-04).
func takeArtifact(a, found *v1alpha1.Artifact) (*v1alpha1.Artifact, error) {
	taken := *found.DeepCopy()
	taken.Name, taken.GlobalName, taken.From, taken.FromExpression, taken.SubPath = a.Name, "", "", "", ""
	if a.Archive != nil {
		taken.Archive = a.Archive
	}
	if name, absent := expr.FindAbsent(a.SubPath); absent {
		return nil, absentError(name)
	}
	return &taken, taken.AppendToKey(a.SubPath)
}

// tagName is what stands between the braces of a text that is one tag.
func tagName(text string) string {
	text = strings.TrimSpace(text)
	text = strings.TrimPrefix(text, "{{")
	return strings.TrimSpace(strings.TrimSuffix(text, "}}"))
}

// artifact finds artifacts in the scope of a composite.
func (c *composite) artifact(find func(string) member) artifactFinder {
	return func(name string) (*v1alpha1.Artifact, bool) {
		if input, ok := strings.CutPrefix(name, "inputs.artifacts."); ok {
			if c.e.st.Inputs == nil {
				return nil, true
			}
			a := c.e.st.Inputs.Artifacts.GetArtifactByName(input)
			return a, a == nil
		}
		if global, ok := strings.CutPrefix(name, "workflow.outputs.artifacts."); ok {
			if out := c.run.status.Outputs; out != nil {
				return out.Artifacts.GetArtifactByName(global), false
			}
			return nil, false
		}
		rest, ok := strings.CutPrefix(name, c.root+".")
		if !ok {
			return nil, false
		}
		sibling, field, _ := strings.Cut(rest, ".")
		output, ok := strings.CutPrefix(field, "outputs.artifacts.")
		m := find(sibling)
		if !ok || m.e == nil {
			return nil, false
		}
		if m.e.st.Outputs != nil {
			if a := m.e.st.Outputs.Artifacts.GetArtifactByName(output); a != nil {
				return a, false
			}
		}
		return nil, m.e.st.Fulfilled()
	}
}

// artifactMark starts the text that stands for an artifact inside an expression.
const artifactMark = "\x00artifact:"

// artifactNames lets an expression choose among artifacts: each is its own name there (fromExpression).
type artifactNames struct{ find artifactFinder }

// Get implements expr.Scope.
func (s artifactNames) Get(name string) expr.Value {
	if !strings.Contains(name, ".artifacts.") {
		return expr.Value{}
	}
	a, absent := s.find(name)
	switch {
	case a != nil:
		return expr.Text(artifactMark + name)
	case absent:
		return expr.Value{State: expr.Absent}
	}
	return expr.Value{}
}

// Below implements expr.Scope.
func (artifactNames) Below(string) []string { return nil }
