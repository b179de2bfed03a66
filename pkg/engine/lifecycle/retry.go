package lifecycle

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// RetryOptions say how a run is retried.
type RetryOptions struct {
	RestartSuccessful bool     // also run again what Selector picks
	Selector          Selector // nodes to run again although they have succeeded
	Parameters        []string // `name=value`, laid over the workflow's arguments
}

// Retried is what a retry changes.
type Retried struct {
	Workflow *v1alpha1.Workflow    // spec, labels and header status as they are to be stored; no nodes
	Changed  []v1alpha1.NodeStatus // groups that run again
	Removed  []string              // nodes that are forgotten
	Pods     []Pod                 // their pods, to be deleted
}

// Pod names a pod of a removed node.
type Pod struct {
	NodeID, Name string
	UID          types.UID
}

// Retry prepares a finished run to go on (OPS-13): what failed is forgotten with all that came after it, unless something after
// it has succeeded; the groups around it run again. Errors are for runs that cannot be retried.
func Retry(wf *v1alpha1.Workflow, nodes []v1alpha1.NodeStatus, options RetryOptions, now time.Time) (*Retried, error) {
	if err := retryable(wf, options); err != nil {
		return nil, err
	}
	header, err := retriedHeader(wf, options.Parameters, now)
	if err != nil {
		return nil, err
	}
	p := newPlan(wf.Name, nodes)
	p.dropExit()
	p.resetFailed()
	if options.RestartSuccessful && !options.Selector.Empty() {
		if !p.restart(options.Selector) {
			return nil, fmt.Errorf("no nodes match the nodeFieldSelector: %s", options.Selector)
		}
	}
	if len(options.Parameters) > 0 {
		p.emptyGroups()
	}
	result := &Retried{Workflow: header}
	format := wf.Annotations[v1alpha1.AnnotationKeyPodNameVersion]
	for i := range p.records {
		n := &p.records[i]
		switch {
		case p.removed[n.ID]:
			result.Removed = append(result.Removed, n.ID)
			if n.Type == v1alpha1.NodeTypePod {
				template := n.TemplateName
				if n.TemplateRef != nil {
					template = n.TemplateRef.Template
				}
				name := node.PodName(format, wf.Name, n.Name, template)
				result.Pods = append(result.Pods, Pod{NodeID: n.ID, Name: name, UID: n.PodUID})
			}
		case p.reset[n.ID]:
			again := *n.DeepCopy()
			again.Phase, again.Message, again.StartedAt, again.FinishedAt = v1alpha1.NodeRunning, "", stamp(now), metav1.Time{}
			again.Outputs, again.Daemoned = nil, nil
			if len(options.Parameters) > 0 {
				again.Inputs = nil // worked out anew, from the new values
			}
			result.Changed = append(result.Changed, again)
		}
	}
	return result, nil
}

func retryable(wf *v1alpha1.Workflow, options RetryOptions) error {
	switch wf.Status.Phase {
	case v1alpha1.WorkflowFailed, v1alpha1.WorkflowError:
		return nil
	case v1alpha1.WorkflowSucceeded:
		if options.RestartSuccessful && !options.Selector.Empty() {
			return nil
		}
		return fmt.Errorf("To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector") //nolint:staticcheck // clients know this text
	}
	return fmt.Errorf("Cannot retry a workflow in phase %s", wf.Status.Phase) //nolint:staticcheck // clients know this text
}

// retriedHeader is the workflow as if it had not ended.
func retriedHeader(wf *v1alpha1.Workflow, parameters []string, now time.Time) (*v1alpha1.Workflow, error) {
	header := wf.DeepCopy()
	st := &header.Status
	st.Nodes, st.CompressedNodes = nil, ""
	st.Phase, st.Message, st.FinishedAt, st.StartedAt = v1alpha1.WorkflowUnknown, "", metav1.Time{}, stamp(now)
	st.Conditions.UpsertCondition(v1alpha1.Condition{Type: v1alpha1.ConditionTypeCompleted, Status: metav1.ConditionFalse})
	st.Conditions.RemoveCondition(v1alpha1.ConditionTypeSpecError) // it had too many nodes
	st.PersistentVolumeClaims = nil
	ForgetUnseenTemplates(header)
	st.Retries++
	delete(header.Labels, v1alpha1.LabelKeyCompleted)
	delete(header.Labels, v1alpha1.LabelKeyWorkflowArchivingStatus)
	for _, spec := range []*v1alpha1.WorkflowSpec{&header.Spec, st.StoredWorkflowSpec} {
		if spec == nil {
			continue
		}
		spec.Shutdown = ""
		if spec.ActiveDeadlineSeconds != nil && *spec.ActiveDeadlineSeconds == 0 {
			spec.ActiveDeadlineSeconds = nil
		}
		if err := setParameters(&spec.Arguments, parameters); err != nil {
			return nil, err
		}
	}
	return header, nil
}

// ForgetUnseenTemplates has a workflow that came with its whole status read the templates that it refers to again, before it
// goes on: what its status says that they are, no policy has seen and no run has read.
func ForgetUnseenTemplates(wf *v1alpha1.Workflow) {
	if wf.Annotations[v1alpha1.AnnotationKeyRestored] == "true" {
		wf.Status.StoredTemplates, wf.Status.StoredWorkflowSpec = nil, nil
	}
}

// setParameters lays `name=value` pairs over arguments; what is not declared is added.
func setParameters(args *v1alpha1.Arguments, pairs []string) error {
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return fmt.Errorf("parameter %q: write name=value", pair)
		}
		value := v1alpha1.AnyString(text)
		if p := args.GetParameterByName(name); p != nil {
			p.Value, p.ValueFrom = &value, nil
			continue
		}
		args.Parameters = append(args.Parameters, v1alpha1.Parameter{Name: name, Value: &value})
	}
	return nil
}
