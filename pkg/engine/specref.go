package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// resolveSpec finds the spec that counts: the stored one, or the template's that the workflow refers to, with the workflow's
// own fields over it (REF-03). false: it has to be looked up first.
func (r *Run) resolveSpec() (bool, error) {
	if r.unstarted() {
		if err := r.admitSpec(); err != nil {
			return false, err
		}
	}
	if r.status.StartedAt.IsZero() {
		r.defaultMetadata()
	}
	ref := r.wf.Spec.WorkflowTemplateRef
	if ref == nil {
		return true, r.ownDefaults()
	}
	if r.status.StoredWorkflowSpec == nil {
		in := origin{resource: ref.Name, cluster: ref.ClusterScope}
		answer, known := r.answers[in.request()]
		if !known {
			r.await(in.request(), r.top)
			return false, nil
		}
		if answer.Spec == nil {
			return false, fmt.Errorf("%s", answer.Message)
		}
		below, err := r.layDefaults(answer.Spec)
		if err != nil {
			return false, err
		}
		merged, err := MergeSpecs(below, &r.wf.Spec)
		if err != nil {
			return false, err
		}
		if r.opts.Policy.Unchanged && r.distrusted != nil && !equality.Semantic.DeepEqual(withoutLive(merged), withoutLive(r.distrusted)) {
			return false, &policyError{unchangedMessage}
		}
		r.status.StoredWorkflowSpec = merged
		r.statusChanged = true
		key := v1alpha1.LabelKeyWorkflowTemplate
		if ref.ClusterScope {
			key = v1alpha1.LabelKeyClusterWorkflowTemplate
		}
		if r.wf.Labels[key] == "" {
			r.setLabel(key, ref.Name)
		}
	}
	r.setSpec(r.status.StoredWorkflowSpec.DeepCopy())
	r.refreshSpec()
	return true, nil
}

// MergeSpecs lays a spec over another one, as a workflow's is laid over its template's and that over the defaults of the
// installation (REF-03, CFG-03). Arguments merge by name, lists without a key are replaced. Neither of the two is changed.
func MergeSpecs(below, above *v1alpha1.WorkflowSpec) (*v1alpha1.WorkflowSpec, error) {
	own := above.DeepCopy()
	own.WorkflowTemplateRef = nil
	for i := range own.Arguments.Parameters { // a value given by the workflow replaces a source given by the template
		if p := below.Arguments.GetParameterByName(own.Arguments.Parameters[i].Name); p != nil && own.Arguments.Parameters[i].Value != nil && p.ValueFrom != nil {
			below = below.DeepCopy()
			below.Arguments.GetParameterByName(p.Name).ValueFrom = nil
		}
	}
	base, err := json.Marshal(below)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	both, err := strategicpatch.StrategicMergePatch(base, patch, v1alpha1.WorkflowSpec{})
	if err != nil {
		return nil, fmt.Errorf("cannot merge the workflow's spec with its template's: %w", err)
	}
	merged := &v1alpha1.WorkflowSpec{}
	if err := json.Unmarshal(both, merged); err != nil {
		return nil, err
	}
	if len(below.Hooks) > 0 { // hooks merge by key
		hooks := maps.Clone(below.Hooks)
		maps.Copy(hooks, above.Hooks)
		merged.Hooks = hooks
	}
	return merged, nil
}

// refreshSpec takes over what may change while a workflow runs.
func (r *Run) refreshSpec() {
	if r.status.StoredWorkflowSpec == nil {
		return
	}
	r.spec.Suspend, r.spec.Shutdown = r.wf.Spec.Suspend, r.wf.Spec.Shutdown
	if r.wf.Spec.ActiveDeadlineSeconds != nil {
		r.spec.ActiveDeadlineSeconds = r.wf.Spec.ActiveDeadlineSeconds
	}
	if r.wf.Spec.Parallelism != nil {
		r.spec.Parallelism = r.wf.Spec.Parallelism
	}
}

// applyMetadata sets the labels and annotations of workflowMetadata (PRM-19).
func (r *Run) applyMetadata() error {
	m := r.spec.WorkflowMetadata
	if m == nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(m.Annotations)) {
		text, err := r.cache.RenderString(m.Annotations[key], r.globals, expr.Strict)
		if err != nil {
			return fmt.Errorf("workflowMetadata.annotations[%s]: %w", key, err)
		}
		r.setAnnotation(key, text)
	}
	labels := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		text, err := r.cache.RenderString(m.Labels[key], r.globals, expr.Strict)
		if err != nil {
			return fmt.Errorf("workflowMetadata.labels[%s]: %w", key, err)
		}
		labels[key] = text
	}
	for _, key := range slices.Sorted(maps.Keys(m.LabelsFrom)) {
		text, err := r.evaluate(m.LabelsFrom[key].Expression, r.globals)
		if err != nil {
			return fmt.Errorf("workflowMetadata.labelsFrom[%s]: %w", key, err)
		}
		labels[key] = text
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if problems := validation.IsValidLabelValue(labels[key]); len(problems) > 0 {
			return fmt.Errorf("workflowMetadata: %q is no value for label %s: %s", labels[key], key, problems[0])
		}
		r.setLabel(key, labels[key])
	}
	r.setMetadataGlobals()
	return nil
}

// setLabel and setAnnotation change the workflow's metadata; what they set is visible to variables at once.
func (r *Run) setLabel(key, value string) {
	if r.wf.Labels == nil {
		r.wf.Labels = map[string]string{}
	}
	r.wf.Labels[key] = value
	r.labels[key] = value
}

func (r *Run) setAnnotation(key, value string) {
	if r.wf.Annotations == nil {
		r.wf.Annotations = map[string]string{}
	}
	r.wf.Annotations[key] = value
	r.annotations[key] = value
}
