package verb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// namedNodes is how many nodes a dry run names.
const namedNodes = 20

// RetryREST is workflows/retry (OPS-13). Pods of the nodes that are forgotten are the controller's to delete: the count of
// retries in the status tells it that there are some.
type RetryREST struct {
	endpoint[*v1alpha1.RetryOptions]
	workflows *storage.Changer
	clock     clock.PassiveClock
}

var _ rest.NamedCreater = &RetryREST{}

// NewRetryREST returns workflows/retry.
func NewRetryREST(workflows *storage.Changer, clock clock.PassiveClock) *RetryREST {
	return &RetryREST{
		endpoint:  endpoint[*v1alpha1.RetryOptions]{func() *v1alpha1.RetryOptions { return &v1alpha1.RetryOptions{} }, v1alpha1.Workflow{}},
		workflows: workflows, clock: clock,
	}
}

// Create has a finished workflow go on from what failed. A dry run answers with what would be left, and warns of what would
// run again.
func (r *RetryREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	var selector lifecycle.Selector
	body, precondition, err := r.request(ctx, name, object, validate, func(o *v1alpha1.RetryOptions) (errs field.ErrorList) {
		selector = selectorOf(o.NodeFieldSelector, &errs)
		if o.RestartSuccessful != (o.NodeFieldSelector != "") {
			errs = append(errs, field.Invalid(field.NewPath("nodeFieldSelector"), o.NodeFieldSelector, "restartSuccessful and nodeFieldSelector only work together"))
		}
		return append(errs, checkParameters(field.NewPath("parameters"), o.Parameters)...)
	})
	if err != nil {
		return nil, err
	}
	retry := lifecycle.RetryOptions{RestartSuccessful: body.RestartSuccessful, Selector: selector, Parameters: body.Parameters}
	return answer(r.workflows.Change(ctx, name, precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		return r.retry(ctx, s, retry, dryrun.IsDryRun(options.DryRun))
	}))
}

func (r *RetryREST) retry(ctx context.Context, s *storage.Subject, options lifecycle.RetryOptions, dry bool) (storage.NodeChanges, error) {
	wf, now := s.Workflow, r.clock.Now()
	if wf.DeletionTimestamp != nil {
		return storage.NodeChanges{}, notNow(wf, errors.New("it is being deleted"))
	}
	nodes, err := s.Nodes()
	if err != nil {
		return storage.NodeChanges{}, err
	}
	result, err := lifecycle.Retry(wf, nodes, options, now)
	if err != nil {
		return storage.NodeChanges{}, notNow(wf, err)
	}
	*wf = *result.Workflow
	actor.Acted(ctx, wf, "Retry", now)
	if dry {
		warning.AddWarning(ctx, "", preview(nodes, result))
	}
	return storage.NodeChanges{Set: result.Changed, Removed: result.Removed}, nil
}

// preview says what a retry would do.
func preview(nodes []v1alpha1.NodeStatus, result *lifecycle.Retried) string {
	removed := make(map[string]bool, len(result.Removed))
	for _, id := range result.Removed {
		removed[id] = true
	}
	var names []string
	for i := range nodes {
		if removed[nodes[i].ID] && len(names) < namedNodes {
			names = append(names, nodes[i].Name)
		}
	}
	text := fmt.Sprintf("retry would reset %d of %d nodes and delete %d pods", len(result.Removed)+len(result.Changed), len(nodes), len(result.Pods))
	if len(names) > 0 {
		text += "; forgotten, to run again if still wanted: " + strings.Join(names, ", ")
	}
	if more := len(result.Removed) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
