package verb

import (
	"context"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/workflow/storage"
)

// moment is when and how an action takes place.
type moment struct {
	now time.Time
	// dry: nothing will be stored.
	dry bool
}

// action does to a workflow what a body asks for. It is called again when somebody else has written the workflow meanwhile.
// storage.ErrUnchanged says that everything is as it should be; other errors refuse the request.
type action func(ctx context.Context, s *storage.Subject, m moment) (storage.NodeChanges, error)

// ActionREST is a verb that changes a workflow in place, with the user of the request noted as who did it (OPS-17).
type ActionREST[T Options] struct {
	endpoint[T]
	// verb is what is noted.
	verb      string
	workflows *storage.Changer
	clock     clock.PassiveClock
	// prepare makes the action out of a body, or says what is wrong with the body.
	prepare func(body T) (action, field.ErrorList)
}

var _ rest.NamedCreater = &ActionREST[*v1alpha1.SuspendOptions]{}

// newActionREST returns a verb whose body is made by newBody.
func newActionREST[T Options](verb string, newBody func() T, workflows *storage.Changer, clock clock.PassiveClock, prepare func(T) (action, field.ErrorList)) *ActionREST[T] {
	return &ActionREST[T]{endpoint: endpoint[T]{newBody, v1alpha1.Workflow{}}, verb: verb, workflows: workflows, clock: clock, prepare: prepare}
}

// Create acts on a workflow and answers with it.
func (r *ActionREST[T]) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	var act action
	_, precondition, err := r.request(ctx, name, object, validate, func(body T) (errs field.ErrorList) {
		act, errs = r.prepare(body)
		return errs
	})
	if err != nil {
		return nil, err
	}
	return answer(r.workflows.Change(ctx, name, strings.ToLower(r.verb), precondition, options, func(ctx context.Context, s *storage.Subject) (storage.NodeChanges, error) {
		m := moment{now: r.clock.Now(), dry: dryrun.IsDryRun(options.DryRun)}
		changes, err := act(ctx, s, m)
		if err == nil {
			actor.Acted(ctx, s.Workflow, r.verb, m.now)
		}
		return changes, err
	}))
}

// answer keeps a nil workflow from becoming an object that is not nil.
func answer(workflow *v1alpha1.Workflow, err error) (runtime.Object, error) {
	if err != nil {
		return nil, err
	}
	return workflow, nil
}
