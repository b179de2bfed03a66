package verb

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/actor"
	"fairlead.dev/fairlead/pkg/registry/workflow/admit"
	"fairlead.dev/fairlead/pkg/registry/workflow/managers"
)

// CronSuspensionREST is cronworkflows/suspend or cronworkflows/resume (CRON-04).
type CronSuspensionREST[T Options] struct {
	endpoint[T]
	crons     rest.Updater
	verb      string
	suspend   bool
	check     func(T) field.ErrorList
	admission *admit.Chain
	managers  *managers.Recorder
	clock     clock.PassiveClock
}

var (
	_ rest.NamedCreater = &CronSuspensionREST[*v1alpha1.SuspendOptions]{}
	_ rest.NamedCreater = &CronSuspensionREST[*v1alpha1.ResumeOptions]{}
)

// NewCronSuspendREST returns cronworkflows/suspend.
func NewCronSuspendREST(crons rest.Updater, admission *admit.Chain, managers *managers.Recorder, clock clock.PassiveClock) *CronSuspensionREST[*v1alpha1.SuspendOptions] {
	return &CronSuspensionREST[*v1alpha1.SuspendOptions]{
		endpoint: endpoint[*v1alpha1.SuspendOptions]{func() *v1alpha1.SuspendOptions { return &v1alpha1.SuspendOptions{} }, v1alpha1.CronWorkflow{}},
		crons:    crons, verb: "Suspend", suspend: true, admission: admission, managers: managers, clock: clock,
	}
}

// NewCronResumeREST returns cronworkflows/resume.
func NewCronResumeREST(crons rest.Updater, admission *admit.Chain, managers *managers.Recorder, clock clock.PassiveClock) *CronSuspensionREST[*v1alpha1.ResumeOptions] {
	return &CronSuspensionREST[*v1alpha1.ResumeOptions]{
		endpoint: endpoint[*v1alpha1.ResumeOptions]{func() *v1alpha1.ResumeOptions { return &v1alpha1.ResumeOptions{} }, v1alpha1.CronWorkflow{}},
		crons:    crons, verb: "Resume", admission: admission, managers: managers, clock: clock,
		check: func(o *v1alpha1.ResumeOptions) (errs field.ErrorList) {
			if o.NodeFieldSelector != "" {
				errs = append(errs, field.Forbidden(field.NewPath("nodeFieldSelector"), "a cron workflow has no nodes"))
			}
			return errs
		},
	}
}

// Create stops or restarts the creation of workflows. A cron workflow that is as wanted stays as it is.
func (r *CronSuspensionREST[T]) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	_, precondition, err := r.request(ctx, name, object, validate, r.check)
	if err != nil {
		return nil, err
	}
	update := &metav1.UpdateOptions{DryRun: options.DryRun, FieldManager: options.FieldManager}
	info := rest.DefaultUpdatedObjectInfo(nil, func(ctx context.Context, _, stored runtime.Object) (runtime.Object, error) {
		cron := stored.(*v1alpha1.CronWorkflow)
		if err := precondition.Check("cronworkflows", cron); err != nil {
			return nil, err
		}
		if cron.Spec.Suspend == r.suspend {
			return cron, nil
		}
		changed := cron.DeepCopy()
		changed.Spec.Suspend = r.suspend
		actor.Acted(ctx, changed, r.verb, r.clock.Now())
		r.managers.ChangedCron(ctx, cron, changed, strings.ToLower(r.verb), options.FieldManager)
		return changed, r.admission.Mutate(ctx, changed, cron, update)
	})
	updated, _, err := r.crons.Update(actor.WithAction(ctx, r.verb), name, info, rest.ValidateAllObjectFunc, r.admission.Update(ctx, &v1alpha1.CronWorkflow{}, name, update), false, update)
	return updated, err
}
