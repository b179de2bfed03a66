package lint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apis/workflow/validation"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// fromExpressions checks where arguments say by an expression which artifact is meant.
func (s *scope) fromExpressions(arguments *v1alpha1.Arguments, path *field.Path) {
	s.origins(arguments.Artifacts, path.Child("artifacts"))
}

// origins checks what `from` and `fromExpression` say.
func (s *scope) origins(artifacts v1alpha1.Artifacts, path *field.Path) {
	for i := range artifacts {
		s.choice(artifacts[i].FromExpression, path.Index(i).Child("fromExpression"))
		from := strings.TrimSpace(artifacts[i].From)
		if from == "" {
			continue
		}
		at := path.Index(i).Child("from")
		tags := s.p.tags(from)
		if len(tags) != 1 || tags[0].Raw != from {
			s.p.problem(s.library(), at, from, "must be one reference to an artifact, such as {{steps.a.outputs.artifacts.x}}")
			continue
		}
		switch tag := tags[0]; {
		case tag.Name != "" && (!namesArtifact(tag.Name) || tag.Name == "item" && s.item == nil && (s.unit == nil || !s.unit.inline)):
			s.p.problem(s.library(), at, from, fmt.Sprintf("failed to resolve {{%s}}: it names no artifact", tag.Name))
		case tag.Source != "" || tag.Err != nil:
			s.p.problem(s.library(), at, from, "it names no artifact; an expression that chooses one is written as fromExpression")
		}
	}
}

// choice checks an expression that gives an artifact.
func (s *scope) choice(source string, path *field.Path) {
	if source == "" {
		return
	}
	plain := *s
	plain.plain, plain.artifacts = true, true
	if tag := s.p.tags(source); len(tag) == 1 && tag[0].Raw == strings.TrimSpace(source) && tag[0].Source != "" {
		source = tag[0].Source // braces around it are as good as none
	}
	before := len(s.p.errs)
	plain.expression(source, path, expr.AnyType)
	if len(s.p.errs) > before {
		return
	}
	gives := func(filled string) error {
		program, err := s.p.cache.Program(filled)
		if err != nil {
			return err
		}
		shape := plain.resultShape(program)
		if shape != nil && !slices.Equal(shape, objectShape) || !readsArtifact(program) { // an input artifact is known as an object
			return errors.New("it gives no artifact; name one in each case, such as steps.a.outputs.artifacts.x")
		}
		return nil
	}
	if err := plain.fillings(source, choices, func(expr.Tag) bool { return false }, gives); err != nil {
		s.p.problem(s.library(), path, source, err.Error())
	}
}

// readsArtifact tells whether an expression names an artifact at all.
func readsArtifact(program *expr.Program) bool {
	return slices.ContainsFunc(program.References(), func(ref expr.Reference) bool {
		return slices.Contains(ref.Path, "artifacts") && ref.Path[len(ref.Path)-1] != "path"
	})
}

// choices are what the tags of an expression that gives an artifact are taken to become.
var choices = append([]string{"steps.a.outputs.artifacts.x"}, operands...)

// namesArtifact tells whether a name can be that of an artifact.
func namesArtifact(name string) bool {
	root, _, _ := strings.Cut(name, ".")
	switch root {
	case "steps", "tasks", "inputs", "workflow", "item":
		return root == "item" || strings.Contains(name, ".artifacts.")
	}
	return false
}

// checkHooks checks the hooks of a step, a task or the workflow.
func (p *program) checkHooks(s *scope, hooks v1alpha1.LifecycleHooks, path *field.Path) {
	if len(hooks) == 0 {
		return
	}
	for _, event := range slices.Sorted(maps.Keys(hooks)) {
		hook := hooks[event]
		at := path.Child("hooks").Key(string(event))
		plain := *s
		plain.plain = true
		plain.texts(&v1alpha1.LifecycleHook{Expression: hook.Expression}, at, strict)
		shell := hook
		shell.Expression = ""
		s.texts(&shell, at, strict)
		s.expression(hook.Expression, at.Child("expression"), expr.BoolType)
		s.fromExpressions(&hook.Arguments, at.Child("arguments"))
	}
}

// checkCall checks that a template of another object gets what it needs: V-041, V-042. Validation does it for templates of
// the same object that steps and tasks run.
func (p *program) checkCall(s *scope, c *call) {
	if c.callee == nil || c.callee.in == s.library() && !c.callee.inline && !c.hook && s.library().site == nil || c.inherits && p.rules.alone {
		return
	}
	in := s.library()
	at := c.path.Child("arguments")
	if c.inherits {
		at = p.rules.path.Child("arguments")
	}
	errs, warnings := validation.ValidateCall(c.callee.template, c.arguments, at)
	for _, err := range errs {
		if in.site != nil {
			p.add(field.Invalid(in.site, in.title, err.Error()))
		} else {
			p.add(err)
		}
	}
	if in.site == nil && !c.inherits {
		p.warnings = append(p.warnings, warnings...)
	}
}
