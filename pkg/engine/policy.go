package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Policy is what the administrator demands of workflows (CFG-04). The zero value demands nothing.
type Policy struct {
	// TemplatesOnly lets only workflows run that refer to a WorkflowTemplate as a whole and set no other fields than those
	// that are harmless.
	TemplatesOnly bool
	// Unchanged demands besides that the template stays as it is while the workflow runs.
	Unchanged bool
	// AlsoAllowed are names of further fields of the spec that a workflow may set.
	AlsoAllowed []string
}

// Validate reports names in AlsoAllowed that are no fields of a spec (V-254).
func (p Policy) Validate() error {
	known := map[string]bool{}
	for f := range reflect.TypeFor[v1alpha1.WorkflowSpec]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
	}
	for _, name := range p.AlsoAllowed {
		if !known[name] {
			return fmt.Errorf("%q is no field of a Workflow's spec", name)
		}
	}
	return nil
}

const (
	templatesOnlyMessage = "workflows must use workflowTemplateRef to be executed when the controller is in reference mode"
	unchangedMessage     = "workflowTemplateRef reference may not change during execution when the controller is in reference mode"
)

// ownFields are what a workflow may say about itself beside its template.
var ownFields = []string{
	"arguments", "entrypoint", "shutdown", "suspend", "activeDeadlineSeconds", "priority", "ttlStrategy", "podGC", "volumeClaimGC",
	"archiveLogs", "workflowMetadata", "workflowTemplateRef", "metrics", "artifactGC",
}

// policyError is the refusal of a workflow that the administrator does not want; it ends in phase Error.
type policyError struct{ message string }

// Error implements error.
func (e *policyError) Error() string { return e.message }

// check tells why a workflow may not run; nil: it may.
func (p Policy) check(spec *v1alpha1.WorkflowSpec) error {
	if !p.TemplatesOnly {
		return nil
	}
	if spec.WorkflowTemplateRef == nil {
		return &policyError{templatesOnlyMessage}
	}
	set, err := setFields(spec)
	if err != nil {
		return err
	}
	set = slices.DeleteFunc(set, func(name string) bool {
		return slices.Contains(ownFields, name) || slices.Contains(p.AlsoAllowed, name)
	})
	if gc := spec.ArtifactGC; gc != nil {
		for name, given := range map[string]bool{
			"artifactGC.podSpecPatch": gc.PodSpecPatch != "", "artifactGC.serviceAccountName": gc.ServiceAccountName != "",
			"artifactGC.podMetadata": gc.PodMetadata != nil,
		} {
			if given {
				set = append(set, name)
			}
		}
	}
	if len(set) == 0 {
		return nil
	}
	slices.Sort(set)
	return &policyError{fmt.Sprintf("a workflow may not set %s beside its workflowTemplateRef when the controller is in reference mode; it belongs into the template",
		strings.Join(set, ", "))}
}

// unstarted reports whether the controller has not begun with the workflow, or has to begin again after a retry. Only the phase
// tells: other fields of the status may have come with the workflow when it was created.
func (r *Run) unstarted() bool {
	return r.status.Phase == v1alpha1.WorkflowUnknown || r.status.Phase == v1alpha1.WorkflowPending
}

// admitSpec asks the policy. Where templates are demanded, what the status says that they are counts for nothing before the
// start: a client may have written it, so they are read again.
func (r *Run) admitSpec() error {
	if err := r.opts.Policy.check(&r.wf.Spec); err != nil {
		return err
	}
	if r.opts.Policy.TemplatesOnly && !r.vetted {
		r.vetted = true
		r.distrusted = r.status.StoredWorkflowSpec
		r.status.StoredWorkflowSpec, r.status.StoredTemplates = nil, nil
		r.statusChanged = true
	}
	return nil
}

// setFields are the names of the fields that a spec sets.
func setFields(spec *v1alpha1.WorkflowSpec) ([]string, error) {
	data, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	maps.DeleteFunc(fields, func(_ string, value json.RawMessage) bool {
		return slices.Contains([]string{"null", "{}", "[]", `""`}, string(value))
	})
	return slices.Sorted(maps.Keys(fields)), nil
}

// layDefaults is what the workflow's spec is laid over, with the defaults of the installation beneath it (CFG-03). below is
// the template's spec; nil: the workflow refers to none.
func (r *Run) layDefaults(below *v1alpha1.WorkflowSpec) (*v1alpha1.WorkflowSpec, error) {
	if r.opts.Defaults == nil {
		return below, nil
	}
	if below == nil {
		return &r.opts.Defaults.Spec, nil
	}
	return MergeSpecs(&r.opts.Defaults.Spec, below)
}

// defaultMetadata gives the workflow the labels and annotations of the defaults that it has not itself.
func (r *Run) defaultMetadata() {
	if r.opts.Defaults == nil || r.status.Phase == v1alpha1.WorkflowRunning {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(r.opts.Defaults.Labels)) {
		if _, own := r.wf.Labels[key]; !own {
			r.setLabel(key, r.opts.Defaults.Labels[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.opts.Defaults.Annotations)) {
		if _, own := r.wf.Annotations[key]; !own {
			r.setAnnotation(key, r.opts.Defaults.Annotations[key])
		}
	}
}

// ownDefaults makes the spec of a workflow without a template, when there are defaults that change it.
func (r *Run) ownDefaults() error {
	if r.status.StoredWorkflowSpec == nil {
		if r.opts.Defaults == nil || !r.status.StartedAt.IsZero() || r.status.Retries > 0 {
			return nil
		}
		merged, err := MergeSpecs(&r.opts.Defaults.Spec, &r.wf.Spec)
		if err != nil {
			return err
		}
		if equality.Semantic.DeepEqual(merged, &r.wf.Spec) {
			return nil
		}
		r.status.StoredWorkflowSpec = merged
		r.statusChanged = true
	}
	r.setSpec(r.status.StoredWorkflowSpec.DeepCopy())
	r.refreshSpec()
	return nil
}

// guarded reports whether the template of the workflow has to stay as it is.
func (r *Run) guarded() bool {
	return r.opts.Policy.Unchanged && r.wf.Spec.WorkflowTemplateRef != nil && r.status.StoredWorkflowSpec != nil
}

// reread asks for the template again, to see whether it is still the same.
func (r *Run) reread() {
	if r.over || !r.guarded() {
		return
	}
	ref := r.wf.Spec.WorkflowTemplateRef
	request := origin{resource: ref.Name, cluster: ref.ClusterScope}.request()
	if _, asked := r.asked[request]; !asked {
		delete(r.answers, request)
		r.await(request, nil)
	}
}

// compare ends the workflow when its template, read again, makes another spec than the stored one.
func (r *Run) compare(answer TemplateResolved) {
	ref := r.wf.Spec.WorkflowTemplateRef
	if r.over || !r.booted || !r.guarded() || answer.Request != (origin{resource: ref.Name, cluster: ref.ClusterScope}).request() {
		return
	}
	same := answer.Spec != nil
	if same {
		below, err := r.layDefaults(answer.Spec)
		if err == nil {
			below, err = MergeSpecs(below, &r.wf.Spec)
		}
		same = err == nil && equality.Semantic.DeepEqual(withoutLive(below), withoutLive(r.status.StoredWorkflowSpec))
	}
	if !same {
		r.abort(unchangedMessage)
	}
}

// withoutLive is a spec without what may change while a workflow runs.
func withoutLive(spec *v1alpha1.WorkflowSpec) *v1alpha1.WorkflowSpec {
	rest := *spec
	rest.Suspend, rest.Shutdown, rest.ActiveDeadlineSeconds, rest.Parallelism, rest.Priority = nil, "", nil, nil, nil
	return &rest
}

// abort ends the workflow in phase Error, whatever runs.
func (r *Run) abort(message string) {
	for _, e := range r.order {
		if !e.st.Fulfilled() {
			e.frame = nil
			if e.st.Type == v1alpha1.NodeTypePod && active(e) {
				r.halt(e, v1alpha1.NodeError, message)
			} else {
				r.setPhase(e, v1alpha1.NodeError, message)
			}
		}
	}
	r.finish(v1alpha1.WorkflowError, message)
}

// refuseSpec ends a workflow that cannot or may not run.
func (r *Run) refuseSpec(err error) {
	var policy *policyError
	if errors.As(err, &policy) {
		r.finish(v1alpha1.WorkflowError, policy.message)
		return
	}
	r.finish(v1alpha1.WorkflowFailed, fmt.Sprintf("invalid spec: %s", err))
}
