package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

// lastApplied is what `kubectl apply` last sent for the old workflow; of the new one it would tell it a lie.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// ResubmitOptions say how a run is submitted again.
type ResubmitOptions struct {
	// Memoized takes over what has succeeded. The new workflow then needs a Name, because nodes carry it.
	Memoized   bool
	Name       string
	Parameters []string // `name=value`, laid over the workflow's arguments
}

// Resubmit makes a new workflow out of an old one (OPS-14). With Memoized it comes with nodes, in record form: what has
// succeeded is Skipped there. Creator labels are the caller's to set.
func Resubmit(wf *v1alpha1.Workflow, nodes []v1alpha1.NodeStatus, options ResubmitOptions) (*v1alpha1.Workflow, []v1alpha1.NodeStatus, error) {
	if options.Memoized && wf.Status.Phase != v1alpha1.WorkflowFailed && wf.Status.Phase != v1alpha1.WorkflowError {
		return nil, nil, fmt.Errorf("workflow must be Failed/Error to resubmit in memoized mode")
	}
	again := &v1alpha1.Workflow{TypeMeta: wf.TypeMeta, Spec: *wf.Spec.DeepCopy()}
	again.Namespace = wf.Namespace
	again.Name = options.Name
	if again.Name == "" {
		again.GenerateName = wf.GenerateName
		if again.GenerateName == "" {
			again.GenerateName = wf.Name + "-"
		}
	}
	again.Labels = resubmittedLabels(wf)
	again.Annotations = maps.Clone(wf.Annotations)
	for _, key := range []string{v1alpha1.AnnotationKeyPodNameVersion, v1alpha1.AnnotationKeyCreator, v1alpha1.AnnotationKeyActor, v1alpha1.AnnotationKeyRestored, lastApplied} {
		delete(again.Annotations, key)
	}
	again.OwnerReferences = slices.Clone(wf.OwnerReferences)
	again.Spec.Shutdown = ""
	if again.Spec.ActiveDeadlineSeconds != nil && *again.Spec.ActiveDeadlineSeconds == 0 {
		again.Spec.ActiveDeadlineSeconds = nil
	}
	if err := setParameters(&again.Spec.Arguments, options.Parameters); err != nil {
		return nil, nil, err
	}
	if !options.Memoized {
		return again, nil, nil
	}
	if again.Name == "" {
		return nil, nil, fmt.Errorf("a memoized resubmission needs the name of the new workflow")
	}
	if format, ok := wf.Annotations[v1alpha1.AnnotationKeyPodNameVersion]; ok { // what is taken over has this format
		if again.Annotations == nil {
			again.Annotations = map[string]string{}
		}
		again.Annotations[v1alpha1.AnnotationKeyPodNameVersion] = format
	}
	if wf.Annotations[v1alpha1.AnnotationKeyRestored] != "true" { // see ForgetUnseenTemplates
		again.Status.StoredTemplates = wf.Status.DeepCopy().StoredTemplates
	}
	return again, memoized(wf.Name, again.Name, nodes), nil
}

func resubmittedLabels(wf *v1alpha1.Workflow) map[string]string {
	labels := map[string]string{}
	for key, value := range wf.Labels {
		switch key {
		case v1alpha1.LabelKeyCreator, v1alpha1.LabelKeyCreatorEmail, v1alpha1.LabelKeyCreatorPreferredUsername, v1alpha1.LabelKeyPhase,
			v1alpha1.LabelKeyCompleted, v1alpha1.LabelKeyWorkflowArchivingStatus, v1alpha1.LabelKeyActor, v1alpha1.LabelKeyActorEmail,
			v1alpha1.LabelKeyActorPreferredUsername, v1alpha1.LabelKeyAction:
		default:
			labels[key] = value
		}
	}
	labels[v1alpha1.LabelKeyPreviousWorkflowName] = wf.Name
	return labels
}

// memoized gives the nodes of the new workflow: names and IDs carry its name, pods that did not fail are Skipped and keep their
// outputs, everything else starts again.
func memoized(old, name string, nodes []v1alpha1.NodeStatus) []v1alpha1.NodeStatus {
	p := newPlan(old, nodes)
	p.dropExit()
	ids := map[string]string{}
	rename := func(n string) string { return name + strings.TrimPrefix(n, old) }
	for i := range p.records {
		ids[p.records[i].ID] = node.ID(name, rename(p.records[i].Name))
	}
	var result []v1alpha1.NodeStatus
	for i := range p.records {
		n := *p.records[i].DeepCopy()
		if p.removed[n.ID] || p.spent(&p.records[i]) || (n.Type == v1alpha1.NodeTypeSkipped && !p.laterSuccess(n.ID, map[string]bool{})) {
			continue
		}
		original := n.ID
		n.ID, n.Name, n.BoundaryID = ids[n.ID], rename(n.Name), ids[n.BoundaryID]
		n.DisplayName = strings.Replace(n.DisplayName, old, name, 1)
		n.TemplateScope = strings.Replace(n.TemplateScope, "local/"+old, "local/"+name, 1)
		n.Parents = renamed(n.Parents, ids)
		n.PodUID, n.HostNodeName, n.PodIP, n.Daemoned, n.TaskResultSynced = "", "", "", nil, nil
		switch {
		case n.Type == v1alpha1.NodeTypeSkipped, p.superseded(&p.records[i]):
		case n.Type == v1alpha1.NodeTypePod && !n.FailedOrError():
			n.Type, n.Phase, n.Message = v1alpha1.NodeTypeSkipped, v1alpha1.NodeSkipped, "original pod: "+original
		default:
			n.Phase, n.Message, n.FinishedAt = v1alpha1.NodePending, "", metav1.Time{}
			n.Inputs, n.Outputs = nil, nil // both are worked out anew
		}
		n.Ordinal = int64(len(result))
		result = append(result, n)
	}
	return result
}

// spent reports whether a node is an attempt of a leaf whose retries are used up: they start afresh.
func (p *resetPlan) spent(n *v1alpha1.NodeStatus) bool {
	retry := p.retryOf(n)
	return retry != nil && executes(n) && retry.FailedOrError()
}

// superseded reports whether a node is, or stands in, an attempt that another one followed: it is only history.
func (p *resetPlan) superseded(n *v1alpha1.NodeStatus) bool {
	for m := n; m != nil; m = p.byID[m.BoundaryID] {
		if retry := p.retryOf(m); retry != nil {
			if attempts := p.attempts(retry.ID); attempts[len(attempts)-1] != m.ID {
				return true
			}
		}
	}
	return false
}

func renamed(parents []string, ids map[string]string) []string {
	list := make([]string, 0, len(parents))
	for _, entry := range parents {
		id, outbound := node.ParentRef(entry)
		if outbound {
			list = append(list, node.OutboundOf(ids[id]))
		} else {
			list = append(list, ids[id])
		}
	}
	return list
}
