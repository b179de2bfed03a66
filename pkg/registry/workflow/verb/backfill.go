package verb

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/clock"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const (
	defaultBackfillName = "backfill"
	defaultArgName      = "cronScheduleTime"
	defaultMaxWorkflows = 1000
	// largestMaxWorkflows bounds what one request holds in memory and answers with; a longer past takes several spans.
	largestMaxWorkflows = 10000
	// backfillPatience is how long one request creates workflows; kube-apiserver cuts it off at 34 seconds.
	backfillPatience = 25 * time.Second
)

// BackfillREST is cronworkflows/backfill (CRON-10).
type BackfillREST struct {
	endpoint[*v1alpha1.BackfillOptions]
	crons    rest.Getter
	headers  rest.Lister
	creation *Creation
	clock    clock.PassiveClock
}

var _ rest.NamedCreater = &BackfillREST{}

// NewBackfillREST returns cronworkflows/backfill. headers lists workflows.
func NewBackfillREST(crons rest.Getter, headers rest.Lister, creation *Creation, clock clock.PassiveClock) *BackfillREST {
	return &BackfillREST{
		endpoint: endpoint[*v1alpha1.BackfillOptions]{func() *v1alpha1.BackfillOptions { return &v1alpha1.BackfillOptions{} }, v1alpha1.BackfillResult{}},
		crons:    crons, headers: headers, creation: creation, clock: clock,
	}
}

// Create creates the workflows that the schedules of a cron workflow would have created between two times, as far as they
// are not there.
func (r *BackfillREST) Create(ctx context.Context, name string, object runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	body, precondition, err := r.request(ctx, name, object, validate, r.check)
	if err != nil {
		return nil, err
	}
	found, err := r.crons.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	cron := found.(*v1alpha1.CronWorkflow)
	if err := precondition.Check("cronworkflows", cron); err != nil {
		return nil, err
	}
	if err := r.creation.Authorize(ctx, cron.Namespace, "", "cronworkflows/backfill"); err != nil {
		return nil, err
	}
	body = withBackfillDefaults(body)
	times, err := scheduledTimes(ctx, &cron.Spec, body.Start.Time, body.End.Time, int(body.MaxWorkflows))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, apierrors.NewConflict(v1alpha1.Resource("cronworkflows"), name, err)
	}
	if len(times) > int(body.MaxWorkflows) {
		return nil, apierrors.NewInvalid(v1alpha1.Kind("BackfillOptions"), name, field.ErrorList{field.Invalid(field.NewPath("maxWorkflows"), body.MaxWorkflows,
			"there are more times than that between start and end; choose a shorter span, or allow more")})
	}
	return r.fill(ctx, cron, body, times, options)
}

func (r *BackfillREST) check(o *v1alpha1.BackfillOptions) field.ErrorList {
	var errs field.ErrorList
	for name, at := range map[string]metav1.Time{"start": o.Start, "end": o.End} {
		if at.IsZero() {
			errs = append(errs, field.Required(field.NewPath(name), "a time like 2006-01-02T15:04:05Z"))
		}
	}
	if len(errs) == 0 && o.End.Before(&o.Start) {
		errs = append(errs, field.Invalid(field.NewPath("end"), o.End, "is before start"))
	}
	if o.End.After(r.clock.Now()) {
		errs = append(errs, field.Invalid(field.NewPath("end"), o.End, "is in the future; what comes is created at its time"))
	}
	if o.Name != "" {
		for _, problem := range validation.IsDNS1123Label(o.Name) {
			errs = append(errs, field.Invalid(field.NewPath("name"), o.Name, problem))
		}
	}
	if o.Parallelism < 0 {
		errs = append(errs, field.Invalid(field.NewPath("parallelism"), o.Parallelism, "must be 0 or more"))
	}
	if o.MaxWorkflows < 0 || o.MaxWorkflows > largestMaxWorkflows {
		errs = append(errs, field.Invalid(field.NewPath("maxWorkflows"), o.MaxWorkflows,
			fmt.Sprintf("must be 0 (the default, %d) to %d", defaultMaxWorkflows, largestMaxWorkflows)))
	}
	return errs
}

func withBackfillDefaults(o *v1alpha1.BackfillOptions) *v1alpha1.BackfillOptions {
	o = o.DeepCopy()
	if o.Name == "" {
		o.Name = defaultBackfillName
	}
	if o.ArgName == "" {
		o.ArgName = defaultArgName
	}
	if o.MaxWorkflows == 0 {
		o.MaxWorkflows = defaultMaxWorkflows
	}
	return o
}

// fill creates what is missing, the oldest times first, as far as parallelism, quota and time allow.
func (r *BackfillREST) fill(ctx context.Context, cron *v1alpha1.CronWorkflow, body *v1alpha1.BackfillOptions, times []time.Time, options *metav1.CreateOptions) (runtime.Object, error) {
	known, unfinished, err := r.existing(ctx, cron.Name, body.Name)
	if err != nil {
		return nil, err
	}
	result := &v1alpha1.BackfillResult{ObjectMeta: metav1.ObjectMeta{
		Name: cron.Name, Namespace: cron.Namespace, UID: cron.UID, ResourceVersion: cron.ResourceVersion,
	}, Workflows: []v1alpha1.BackfilledWorkflow{}}
	until := r.clock.Now().Add(backfillPatience)
	created, stopped := 0, false
	for _, at := range times {
		entry := v1alpha1.BackfilledWorkflow{Name: backfilledName(cron.Name, body.Name, at), ScheduledTime: metav1.NewTime(at)}
		if known[entry.Name] {
			result.Workflows = append(result.Workflows, entry)
			continue
		}
		full := body.Parallelism > 0 && unfinished >= int(body.Parallelism)
		if stopped || full || r.clock.Now().After(until) {
			result.Remaining++
			continue
		}
		switch err := r.createOne(ctx, cron, body, entry.Name, at, options); {
		case err == nil:
			entry.Created = true
			created++
			unfinished++
		case apierrors.IsAlreadyExists(err):
		case created == 0:
			return nil, err
		default:
			// What was created stays; the answer says so, and a repeated request goes on from here.
			warning.AddWarning(ctx, "", fmt.Sprintf("stopped after %d workflows: %v", created, err))
			stopped = true
			result.Remaining++
			continue
		}
		result.Workflows = append(result.Workflows, entry)
	}
	audit.AddAuditAnnotation(ctx, auditCreated, fmt.Sprintf("%d workflows, label %s=%s", created, v1alpha1.LabelKeyCronWorkflowBackfill, body.Name))
	return result, nil
}

func (r *BackfillREST) createOne(ctx context.Context, cron *v1alpha1.CronWorkflow, body *v1alpha1.BackfillOptions, name string, at time.Time, options *metav1.CreateOptions) error {
	wf := cronRun(cron, at)
	wf.Name = name
	wf.Labels = withLabel(wf.Labels, v1alpha1.LabelKeyCronWorkflowBackfill, body.Name)
	setParameter(&wf.Spec.Arguments, body.ArgName, at.Format(time.RFC3339))
	_, err := r.creation.createOne(ctx, wf, "cronworkflows/backfill", options)
	return err
}

// existing are the workflows of a backfill that are there, and how many of them are not over.
func (r *BackfillREST) existing(ctx context.Context, cron, backfill string) (map[string]bool, int, error) {
	selector := labels.SelectorFromSet(labels.Set{v1alpha1.LabelKeyCronWorkflow: cron, v1alpha1.LabelKeyCronWorkflowBackfill: backfill})
	listed, err := r.headers.List(ctx, &internalversion.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, 0, err
	}
	list, ok := listed.(*v1alpha1.WorkflowList)
	if !ok {
		return nil, 0, errors.New("the storage of workflows did not list workflows")
	}
	known, unfinished := make(map[string]bool, len(list.Items)), 0
	for i := range list.Items {
		known[list.Items[i].Name] = true
		if !list.Items[i].Status.Phase.Completed() {
			unfinished++
		}
	}
	return known, unfinished, nil
}

// backfilledName is the name of the workflow for a time. Where it would be too long, a hash stands for the end of the names
// that it is made from.
func backfilledName(cron, backfill string, at time.Time) string {
	prefix, suffix := cron+"-"+backfill, "-"+strconv.FormatInt(at.Unix(), 10)
	if room := validation.LabelValueMaxLength - len(suffix); len(prefix) > room {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(prefix)) // never fails
		// A part of a name ends in neither - nor a dot, wherever the cut falls.
		prefix = fmt.Sprintf("%s-%08x", strings.TrimRight(prefix[:room-9], "-."), hash.Sum32())
	}
	return prefix + suffix
}
