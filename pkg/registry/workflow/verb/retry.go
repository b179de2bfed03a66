package verb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/lifecycle"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// namedNodes is how many nodes a dry run names.
const namedNodes = 20

// NewRetryREST returns workflows/retry (OPS-13): a finished workflow goes on from what failed. A dry run answers with what would
// be left, and warns of what would run again. Pods of the nodes that are forgotten are the controller's to delete: the count of
// retries in the status tells it that there are some.
func NewRetryREST(workflows *storage.Changer, clock clock.PassiveClock) *ActionREST[*v1alpha1.RetryOptions] {
	return newActionREST("Retry", func() *v1alpha1.RetryOptions { return &v1alpha1.RetryOptions{} }, workflows, clock, prepareRetry)
}

func prepareRetry(o *v1alpha1.RetryOptions) (action, field.ErrorList) {
	selector, errs := selectorOf(o.NodeFieldSelector)
	if o.RestartSuccessful != (o.NodeFieldSelector != "") {
		errs = append(errs, field.Invalid(field.NewPath("nodeFieldSelector"), o.NodeFieldSelector, "restartSuccessful and nodeFieldSelector only work together"))
	}
	errs = append(errs, checkParameters(field.NewPath("parameters"), o.Parameters)...)
	return retrying(lifecycle.RetryOptions{RestartSuccessful: o.RestartSuccessful, Selector: selector, Parameters: o.Parameters}), errs
}

func retrying(options lifecycle.RetryOptions) action {
	return func(ctx context.Context, s *storage.Subject, m moment) (storage.NodeChanges, error) {
		wf := s.Workflow
		if wf.DeletionTimestamp != nil {
			return storage.NodeChanges{}, notNow(wf, errors.New("it is being deleted"))
		}
		nodes, err := s.Nodes()
		if err != nil {
			return storage.NodeChanges{}, err
		}
		result, err := lifecycle.Retry(wf, nodes, options, m.now)
		if err != nil {
			return storage.NodeChanges{}, notNow(wf, err)
		}
		*wf = *result.Workflow
		if m.dry {
			warning.AddWarning(ctx, "", preview(nodes, result))
		}
		return storage.NodeChanges{Set: result.Changed, Removed: result.Removed}, nil
	}
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
