package lint

import (
	"maps"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// foreseen is what is certain about a template before the run.
type foreseen struct {
	// inputs are the values of its input parameters, as far as all callers give the same.
	inputs map[string]string
	// lacks are its input artifacts that no caller supplies, and gone its output artifacts that will not be there.
	lacks, gone map[string]bool
	chance      chance
}

// chance says how certain it is that a template runs.
type chance int

const (
	neverRuns chance = iota
	mayRun
	// surelyRuns whenever what comes before it succeeds.
	surelyRuns
)

// mostRounds bounds how far values are followed from template to template.
const mostRounds = 4

// foresee works out which steps never run and what therefore will not be there. It begins by knowing nothing, and each round
// follows from what the one before knows, so that everything it ends with is certain.
func (p *program) foresee(r roots) {
	for range mostRounds {
		more := false
		for _, u := range p.order {
			if !u.decided {
				p.decide(u)
				u.decided = true
			}
			more = p.goneOutputs(u) || more
		}
		more = p.supply(r) || more
		if !more {
			break
		}
	}
	p.chances(r)
}

// shapesTemplates tells whether templateDefaults bring inputs or outputs, which may be just those that are missing.
func (p *program) shapesTemplates() bool {
	d := p.spec.TemplateDefaults
	return d != nil && (!d.Inputs.IsEmpty() || d.Outputs.HasOutputs())
}

// supply works out what templates are called with. Of templates that are kept for later, and where not every call is known, it
// knows nothing.
func (p *program) supply(r roots) (more bool) {
	if p.rules.alone || p.partial || p.shapesTemplates() {
		return false
	}
	given := map[*unit]*foreseen{}
	at := func(v *foresight, c *call) {
		if c.callee == nil {
			return
		}
		if known := given[c.callee]; known != nil {
			known.meet(v.supplied(c))
		} else {
			given[c.callee] = v.supplied(c)
		}
	}
	if r.entry != nil {
		at(&foresight{p: p}, r.entry)
	}
	for _, c := range r.exit {
		at(&foresight{p: p}, c)
	}
	for _, u := range p.order {
		if u.members == nil || !u.entry && !u.exit {
			continue
		}
		v := &foresight{p: p, unit: u}
		for _, s := range u.members.inOrder() {
			if s.fate.never() {
				continue
			}
			at(v, s.call)
			for _, c := range s.after {
				at(v, c)
			}
		}
	}
	for u, f := range given {
		if !maps.Equal(u.foreseen.inputs, f.inputs) || !maps.Equal(u.foreseen.lacks, f.lacks) {
			u.foreseen.inputs, u.foreseen.lacks, u.decided, more = f.inputs, f.lacks, false, true
		}
	}
	return more
}

// meet keeps what holds for another call as well.
func (f *foreseen) meet(other *foreseen) {
	maps.DeleteFunc(f.inputs, func(name, value string) bool {
		theirs, ok := other.inputs[name]
		return !ok || theirs != value
	})
	maps.DeleteFunc(f.lacks, func(name string, _ bool) bool { return !other.lacks[name] })
}

// supplied is what one call gives a template.
func (v *foresight) supplied(c *call) *foreseen {
	f := &foreseen{inputs: map[string]string{}, lacks: map[string]bool{}}
	in := &c.callee.template.Inputs
	for i := range in.Parameters {
		declared := &in.Parameters[i]
		given := c.arguments.GetParameterByName(declared.Name)
		if given != nil && given.Value != nil && c.arguments == &v.p.spec.Arguments {
			if value := v.p.argument(declared.Name); value.State == expr.Known {
				f.inputs[declared.Name] = value.Text
			}
			continue
		}
		if value, ok := v.inputValue(declared, given); ok {
			f.inputs[declared.Name] = value
		}
	}
	for i := range in.Artifacts {
		declared := &in.Artifacts[i]
		given := c.arguments.Artifacts.GetArtifactByName(declared.Name)
		if !located(declared) && (given == nil || v.missing(given)) {
			f.lacks[declared.Name] = true
		}
	}
	return f
}

// inputValue goes through the places where a value may come from, as the engine does (PRM-02).
func (v *foresight) inputValue(declared, given *v1alpha1.Parameter) (value string, known bool) {
	if given != nil && given.Value != nil {
		text, open, err := v.render(string(*given.Value))
		if open || err != nil {
			return "", false
		}
		if _, alone := expr.AbsentText(text); !alone {
			_, part := expr.FindAbsent(text)
			return text, !part
		}
	}
	switch {
	case given != nil && given.ValueFrom != nil:
		return "", false
	case declared.Value != nil:
		return v.p.settled(string(*declared.Value))
	case declared.ValueFrom != nil || declared.Default == nil:
		return "", false
	}
	return v.p.settled(string(*declared.Default))
}

// chances works out which templates run.
func (p *program) chances(r roots) {
	var visit func(c *call, chance chance)
	visit = func(c *call, chance chance) {
		u := c.callee
		if u == nil || u.foreseen.chance >= chance {
			return
		}
		u.foreseen.chance = chance
		if u.members == nil {
			return
		}
		for _, s := range u.members.inOrder() {
			if s.fate.never() {
				continue
			}
			its := chance
			if s.fate != runs {
				its = mayRun
			}
			visit(s.call, its)
			for _, after := range s.after {
				visit(after, after.chance(its))
			}
		}
	}
	if p.rules.alone {
		for _, u := range p.order {
			u.foreseen.chance = mayRun
		}
		return
	}
	if r.entry != nil {
		visit(r.entry, surelyRuns)
	}
	for _, c := range r.exit {
		visit(c, c.chance(surelyRuns))
	}
}

// chance is that of a hook, after what it belongs to: others than exit hooks have conditions.
func (c *call) chance(of chance) chance {
	if c.atEnd {
		return of
	}
	return mayRun
}
