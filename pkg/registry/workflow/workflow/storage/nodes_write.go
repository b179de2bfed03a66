package storage

import (
	"context"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
	"fairlead.dev/fairlead/pkg/registry/workflow/parts"
)

// Create answers POST workflows/{name}/nodes: changed pages are stored first, the workflow last. The workflow is the
// commit. The answer has the new versions of both.
func (r *NodesREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	update, ok := object.(*v1alpha1.NodesUpdate)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a NodesUpdate: %T", object))
	}
	if errs := validateNodesUpdate(update, genericapirequest.NamespaceValue(ctx), name); len(errs) > 0 {
		return nil, apierrors.NewInvalid(v1alpha1.Kind("NodesUpdate"), name, errs)
	}
	if validate != nil {
		if err := validate(ctx, update); err != nil {
			return nil, err
		}
	}
	info := &nodesWrite{update: update, name: name, tables: r.tables, commit: &commit{nodes: r.nodes, decision: true, partial: update.Partial}}
	stored, _, err := r.written.Update(parts.WithSameParts(withCommit(ctx, info.commit)), name, info, nil, nil, false, &metav1.UpdateOptions{DryRun: options.DryRun})
	if err != nil {
		return nil, tooLarge(err)
	}
	return info.answer(stored.(*v1alpha1.Workflow)), nil
}

// nodesWrite makes the new header from the stored one.
type nodesWrite struct {
	tables
	name   string
	update *v1alpha1.NodesUpdate
	commit *commit
}

var _ rest.UpdatedObjectInfo = &nodesWrite{}

// Preconditions implements rest.UpdatedObjectInfo. UpdatedObject compares them, with a better message.
func (u *nodesWrite) Preconditions() *metav1.Preconditions { return nil }

// UpdatedObject implements rest.UpdatedObjectInfo. The stored object is not changed; what the new one does not change, it
// shares.
func (u *nodesWrite) UpdatedObject(_ context.Context, object runtime.Object) (runtime.Object, error) {
	old := object.(*v1alpha1.Workflow)
	if old.UID != u.update.Metadata.UID {
		return nil, u.conflict("it has UID %s, not %s: it was deleted and created again", old.UID, u.update.Metadata.UID)
	}
	if old.ResourceVersion != u.update.Metadata.ResourceVersion {
		return nil, u.conflict("it is at resource version %s, not %s", old.ResourceVersion, u.update.Metadata.ResourceVersion)
	}
	updated := *old
	updated.Labels = merged(old.Labels, u.update.Metadata.Labels)
	updated.Annotations = merged(old.Annotations, u.update.Metadata.Annotations)
	if u.update.Status != nil {
		updated.Status = headerStatus(u.update.Status)
		if updated.Status.StoredWorkflowSpec == nil {
			updated.Status.StoredWorkflowSpec = old.Status.StoredWorkflowSpec
		}
		if updated.Status.StoredTemplates == nil {
			updated.Status.StoredTemplates = old.Status.StoredTemplates
		}
	}
	updated.Status.Retries = old.Status.Retries
	updated.Status.Nodes, updated.Status.NodeStorage = old.Status.Nodes, old.Status.NodeStorage
	updated.Status.CompressedNodes, updated.Status.OffloadNodeStatusVersion = "", ""
	u.commit.changes, u.commit.first = nil, false
	if len(u.update.Pages) == 0 {
		if paged(old) && old.Status.NodeStorage.Incomplete && !u.update.Partial {
			state := *old.Status.NodeStorage
			state.Incomplete = false
			updated.Status.NodeStorage = &state
		}
		return &updated, nil
	}
	if paged(old) {
		u.commit.changes = u.update.Pages
		return &updated, nil
	}
	return &updated, u.changeInline(&updated)
}

// changeInline merges the change into the nodes inside the object.
func (u *nodesWrite) changeInline(updated *v1alpha1.Workflow) error {
	table := newInlineTable(updated.Status.Nodes)
	for i := range u.update.Pages {
		page := &u.update.Pages[i]
		if page.ResourceVersion != "" {
			return u.conflict("its nodes are inside the object, but page %d was given version %s", page.Index, page.ResourceVersion)
		}
		table.change(page)
	}
	records := table.records()
	wire := node.ToWire(records)
	if !u.update.Partial && fitsInline(wire, u.inlineBytes) {
		updated.Status.Nodes = wire
		return nil
	}
	updated.Status.Nodes = nil
	u.commit.first, u.commit.changes = true, firstPages(records)
	return nil
}

func (u *nodesWrite) conflict(format string, args ...any) error {
	return apierrors.NewConflict(v1alpha1.Resource("workflows"), u.name, fmt.Errorf(format, args...))
}

// answer tells the writer the versions that its next update has to name.
func (u *nodesWrite) answer(header *v1alpha1.Workflow) *v1alpha1.NodesUpdate {
	answer := &v1alpha1.NodesUpdate{Metadata: metav1.ObjectMeta{
		Name: header.Name, Namespace: header.Namespace, UID: header.UID, ResourceVersion: header.ResourceVersion,
	}}
	if !paged(header) {
		return answer
	}
	answer.Status = &v1alpha1.WorkflowStatus{NodeStorage: header.Status.NodeStorage}
	for _, version := range u.commit.versions {
		answer.Pages = append(answer.Pages, v1alpha1.NodePageChange{Index: version.Index, ResourceVersion: version.ResourceVersion})
	}
	return answer
}

// merged returns the old map with the new entries; the old map stays as it is.
func merged(old, added map[string]string) map[string]string {
	if len(added) == 0 {
		return old
	}
	result := make(map[string]string, len(old)+len(added))
	maps.Copy(result, old)
	maps.Copy(result, added)
	return result
}

// validateNodesUpdate checks what can be checked without the workflow. The nodes themselves are the writer's business.
func validateNodesUpdate(update *v1alpha1.NodesUpdate, namespace, name string) field.ErrorList {
	var errs field.ErrorList
	metadata := field.NewPath("metadata")
	if update.Metadata.Name != "" && update.Metadata.Name != name {
		errs = append(errs, field.Invalid(metadata.Child("name"), update.Metadata.Name, "must be the name in the URL, "+name))
	}
	if update.Metadata.Namespace != "" && update.Metadata.Namespace != namespace {
		errs = append(errs, field.Invalid(metadata.Child("namespace"), update.Metadata.Namespace, "must be the namespace in the URL, "+namespace))
	}
	if update.Metadata.UID == "" {
		errs = append(errs, field.Required(metadata.Child("uid"), "UID of the workflow that the writer saw"))
	}
	if update.Metadata.ResourceVersion == "" {
		errs = append(errs, field.Required(metadata.Child("resourceVersion"), "resource version of the workflow that the writer saw"))
	}
	errs = append(errs, metav1validation.ValidateLabels(update.Metadata.Labels, metadata.Child("labels"))...)
	seenPages, seenNodes := map[int32]bool{}, map[string]bool{}
	for i := range update.Pages {
		page, path := &update.Pages[i], field.NewPath("pages").Index(i)
		if page.Index < 0 {
			errs = append(errs, field.Invalid(path.Child("index"), page.Index, "must not be negative"))
		}
		if seenPages[page.Index] {
			errs = append(errs, field.Duplicate(path.Child("index"), page.Index))
		}
		seenPages[page.Index] = true
		for j := range page.Set {
			n, at := &page.Set[j], path.Child("set").Index(j)
			switch {
			case n.ID == "":
				errs = append(errs, field.Required(at.Child("id"), ""))
			case seenNodes[n.ID]:
				errs = append(errs, field.Duplicate(at.Child("id"), n.ID))
			case n.Ordinal < 0 || n.Ordinal/v1alpha1.NodesPerPage != int64(page.Index):
				errs = append(errs, field.Invalid(at.Child("ordinal"), n.Ordinal, fmt.Sprintf("nodes of page %d have ordinals from %d to %d",
					page.Index, int64(page.Index)*v1alpha1.NodesPerPage, (int64(page.Index)+1)*v1alpha1.NodesPerPage-1)))
			}
			seenNodes[n.ID] = true
		}
	}
	return errs
}
