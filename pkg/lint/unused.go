package lint

import (
	"fmt"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// unused warns of templates that nothing runs and of parameters that nothing reads. Where a reference leads to something
// that is not known, nothing is said: it may be used there.
func (p *program) unused(entry *library, r roots) {
	for _, u := range p.order {
		p.unusedInputs(u)
	}
	if p.partial {
		return
	}
	if begins := r.entry != nil && r.entry.callee != nil; begins && !p.rules.alone && entry == p.own {
		for i := range p.own.spec.Templates {
			u := p.units[&p.own.spec.Templates[i]]
			if u != nil && !u.entry && !u.exit && u.template.Name != "" {
				p.warn(p.own, u.path, fmt.Sprintf("template %q is never run: nothing that begins at the entrypoint or an exit handler leads to it", u.template.Name))
			}
		}
	}
	p.unusedArguments()
}

// unusedInputs: what is declared, supplied by every caller and then not read is mostly a slip of the pen.
func (p *program) unusedInputs(u *unit) {
	t := u.template
	if u.in.site != nil || u.inputsAll || t.Suspend != nil || t.Plugin != nil {
		return // of a suspend template, inputs are what a person is asked (SUS-03); a plugin gets the whole template
	}
	for i := range t.Inputs.Parameters {
		if name := t.Inputs.Parameters[i].Name; name != "" && !u.inputs[name] {
			p.warn(u.in, u.path.Child("inputs", "parameters").Index(i), fmt.Sprintf("parameter %q is declared and never used", name))
		}
	}
}

// unusedArguments: arguments of the workflow are read as workflow.parameters, by the entry template and by exit handlers
// that declare inputs of their names (PRM-01, HOOK-01).
func (p *program) unusedArguments() {
	if p.globals.readAll || p.spec != p.own.spec {
		return
	}
	taken := map[string]bool{}
	for _, u := range p.order {
		if p.rules.alone || u.template.Name == p.spec.Entrypoint || u.exit {
			take(taken, &u.template.Inputs)
		}
	}
	for i := range p.spec.Arguments.Parameters {
		name := p.spec.Arguments.Parameters[i].Name
		if name != "" && !taken[name] && !p.globals.read[name] {
			p.warn(p.own, p.rules.path.Child("arguments", "parameters").Index(i), fmt.Sprintf("parameter %q is declared and never used", name))
		}
	}
}

func take(taken map[string]bool, inputs *v1alpha1.Inputs) {
	for i := range inputs.Parameters {
		taken[inputs.Parameters[i].Name] = true
	}
}
