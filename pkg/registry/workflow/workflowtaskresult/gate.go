package workflowtaskresult

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// podUIDExtra is where kube-apiserver notes the pod that a token is bound to. Only the kubelet gets such a token, for the
// pod that it runs; nothing in a pod's specification makes one for another pod.
const podUIDExtra = "authentication.kubernetes.io/pod-uid"

// retryAfterSeconds is when a pod may report whose UID the controller has not recorded yet.
const retryAfterSeconds = 1

// NodeLookup finds the node that a result is about.
type NodeLookup interface {
	// Node returns a workflow and one node of it; nil for what does not exist.
	Node(ctx context.Context, namespace, workflow, id string, ordinal int64) (*v1alpha1.Workflow, *v1alpha1.NodeStatus, error)
}

// Gate decides who may write which result. Every service account has the right to create and patch results: what counts is
// that the token is bound to the pod that the controller recorded for the node. Besides, whoever may create workflows/nodes
// (the controller) may write any result.
type Gate struct {
	// Nodes finds nodes. Required.
	Nodes NodeLookup
	// Authorizer knows who may create workflows/nodes; nil: nobody but pods may write.
	Authorizer authorizer.Authorizer
}

// Admit returns nil when the user of the request may write the result, and completes it then; old is nil for a new one.
func (g *Gate) Admit(ctx context.Context, result, old *v1alpha1.WorkflowTaskResult) error {
	refusal := g.admitPod(ctx, result, old)
	if refusal == nil {
		return nil
	}
	trusted, err := g.writesNodes(ctx)
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("may this user write results: %w", err))
	}
	if trusted {
		return nil
	}
	return refusal
}

// writesNodes tells whether the user has the right that only the controller is given.
func (g *Gate) writesNodes(ctx context.Context) (bool, error) {
	user, ok := genericapirequest.UserFrom(ctx)
	if !ok || g.Authorizer == nil {
		return false, nil
	}
	decision, _, err := g.Authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: user, Verb: "create", Namespace: genericapirequest.NamespaceValue(ctx),
		APIGroup: v1alpha1.GroupName, APIVersion: v1alpha1.Version, Resource: "workflows", Subresource: "nodes", ResourceRequest: true,
	})
	if decision == authorizer.DecisionAllow {
		return true, nil
	}
	return false, err
}

func (g *Gate) admitPod(ctx context.Context, result, old *v1alpha1.WorkflowTaskResult) error {
	forbid := func(format string, args ...any) error {
		return apierrors.NewForbidden(v1alpha1.Resource("workflowtaskresults"), result.Name, fmt.Errorf(format, args...))
	}
	user, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return forbid("nobody is asking")
	}
	uids := user.GetExtra()[podUIDExtra]
	if len(uids) != 1 || uids[0] == "" {
		return forbid("%s may not report results: that takes the token of the node's own pod, or the right to create workflows/nodes", user.GetName())
	}
	if old != nil && old.Labels[v1alpha1.LabelKeyWorkflow] != result.Labels[v1alpha1.LabelKeyWorkflow] {
		return forbid("the label %s cannot be changed", v1alpha1.LabelKeyWorkflow)
	}
	name := result.Labels[v1alpha1.LabelKeyWorkflow]
	if name == "" {
		return forbid("the label %s has to name the workflow of the node", v1alpha1.LabelKeyWorkflow)
	}
	ordinal := int64(-1)
	if text, ok := result.Annotations[v1alpha1.AnnotationKeyNodeOrdinal]; ok {
		var err error
		if ordinal, err = strconv.ParseInt(text, 10, 64); err != nil {
			return forbid("the annotation %s is no number", v1alpha1.AnnotationKeyNodeOrdinal)
		}
	}
	wf, node, err := g.Nodes.Node(ctx, genericapirequest.NamespaceValue(ctx), name, result.Name, ordinal)
	switch {
	case err != nil:
		return err
	case wf == nil:
		return forbid("there is no workflow %s", name)
	case node == nil:
		return forbid("workflow %s has no node %s (of a large workflow, the annotation %s has to be right)", name, result.Name, v1alpha1.AnnotationKeyNodeOrdinal)
	case node.PodUID != "" && node.PodUID != types.UID(uids[0]):
		return forbid("the token belongs to another pod than the one of node %s", result.Name)
	case wf.Status.Phase.Completed():
		return forbid("workflow %s has ended", name)
	case node.PodUID == "":
		return apierrors.NewTooManyRequests("the pod of node "+result.Name+" is not recorded yet", retryAfterSeconds)
	}
	if err := checkMetadata(result, wf); err != nil {
		return forbid("%w", err)
	}
	own(result, wf)
	return nil
}

// checkMetadata refuses metadata with which a pod could make others take its result for something else.
func checkMetadata(result *v1alpha1.WorkflowTaskResult, wf *v1alpha1.Workflow) error {
	for key, value := range result.Labels {
		switch key {
		case v1alpha1.LabelKeyWorkflow:
		case v1alpha1.LabelKeyReportOutputsCompleted:
			if value != "true" && value != "false" {
				return fmt.Errorf("the label %s has to be true or false", key)
			}
		default:
			return fmt.Errorf("a pod may not set the label %s", key)
		}
	}
	for key := range result.Annotations {
		if key != v1alpha1.AnnotationKeyNodeOrdinal {
			return fmt.Errorf("a pod may not set the annotation %s", key)
		}
	}
	if len(result.Finalizers) > 0 {
		return errors.New("a pod may not set finalizers")
	}
	for i := range result.OwnerReferences {
		if result.OwnerReferences[i].UID != wf.UID || len(result.OwnerReferences) > 1 {
			return fmt.Errorf("the owner is workflow %s and nothing else; leave ownerReferences out", wf.Name)
		}
	}
	return nil
}

// own makes the workflow the owner, so that the result goes with it.
func own(result *v1alpha1.WorkflowTaskResult, wf *v1alpha1.Workflow) {
	result.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(wf, v1alpha1.SchemeGroupVersion.WithKind("Workflow"))}
}
