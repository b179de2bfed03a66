package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/engine"
	typed "fairlead.dev/fairlead/pkg/generated/clientset/versioned/typed/workflow/v1alpha1"
)

// FinalizerControl sets finalizers.
type FinalizerControl interface {
	// Set replaces the finalizers of a workflow that is at this version, and answers with the new version.
	Set(ctx context.Context, key types.NamespacedName, uid types.UID, resourceVersion string, finalizers []string) (string, error)
}

type clientFinalizers struct{ client typed.WorkflowsGetter }

// NewFinalizerControl sets finalizers through the generated client.
func NewFinalizerControl(client typed.WorkflowsGetter) FinalizerControl {
	return clientFinalizers{client}
}

// Set implements FinalizerControl.
func (c clientFinalizers) Set(ctx context.Context, key types.NamespacedName, uid types.UID, resourceVersion string, finalizers []string) (string, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": uid, "resourceVersion": resourceVersion, "finalizers": finalizers}})
	if err != nil {
		return "", err
	}
	wf, err := c.client.Workflows(key.Namespace).Patch(ctx, key.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return "", err
	}
	return wf.ResourceVersion, nil
}

// keepForArtifacts puts the finalizer on a workflow that may leave artifacts which are to be deleted, before anything of it is
// stored that could lead to one (AGC-04). Whether it may is looked at when it starts, and again for templates of other objects.
func (c *Controller) keepForArtifacts(ctx context.Context, r *activeRun, d *engine.Decision) error {
	if c.finalizers == nil || slices.Contains(r.workflow.Finalizers, wfv1.FinalizerArtifactGC) {
		return nil
	}
	status := d.Status
	if status == nil {
		status = r.status
	}
	if known := len(status.StoredTemplates) + 1; known != r.templatesChecked {
		r.templatesChecked = known
	} else {
		return nil
	}
	spec := r.spec
	if status.StoredWorkflowSpec != nil {
		spec = status.StoredWorkflowSpec
	}
	repository := repositoryIn(status)
	logs := repository != nil && repository.ArchiveLogs != nil && *repository.ArchiveLogs
	if !gc.Possible(spec, status.StoredTemplates, logs) {
		return nil
	}
	finalizers := append(slices.Clone(r.workflow.Finalizers), wfv1.FinalizerArtifactGC)
	version, err := c.finalizers.Set(ctx, r.key, r.workflow.UID, r.resourceVersion, finalizers)
	if err != nil {
		return fmt.Errorf("keep the workflow until its artifacts are dealt with: %w", err)
	}
	header := *r.workflow
	header.Finalizers = finalizers
	r.workflow, r.resourceVersion = &header, version
	c.writes.wroteAt(r.key, header.UID, version)
	c.runs.keep(r)
	return nil
}
