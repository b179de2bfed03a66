package storage

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/klog/v2"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/nodes"
)

const (
	// removers is how many tables are removed at the same time.
	removers = 2
	// removeTimeout ends a removal that does not get on. The sweeper finishes what it leaves.
	removeTimeout = 5 * time.Minute
)

// remover removes the pages of deleted workflows without keeping their deleters waiting.
type remover struct {
	nodes nodes.Store
	slots chan struct{}
}

func newRemover(store nodes.Store) *remover {
	return &remover{nodes: store, slots: make(chan struct{}, removers)}
}

// afterDelete is the hook of the store.
func (r *remover) afterDelete(object runtime.Object, options *metav1.DeleteOptions) {
	workflow := object.(*v1alpha1.Workflow)
	if !paged(workflow) || options != nil && dryrun.IsDryRun(options.DryRun) {
		return
	}
	ref := refOf(workflow)
	go func() {
		r.slots <- struct{}{}
		defer func() { <-r.slots }()
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		defer cancel()
		if err := r.nodes.Delete(ctx, ref); err != nil {
			klog.InfoS("Pages of a deleted workflow are left to the sweeper", "workflow", klog.KRef(ref.Namespace, ref.Name), "uid", ref.UID, "err", err)
		}
	}()
}
