package resource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/executor/report"
	"fairlead.dev/fairlead/pkg/executor/task"
)

// Runner runs a command of kubectl and returns what it prints.
type Runner interface {
	Run(args []string) ([]byte, error)
}

// Options are what a step is done with.
type Options struct {
	// Action is get, create, apply, delete, replace or patch.
	Action string
	// Task says which node this is.
	Task *task.Task
	// Getenv reads the environment.
	Getenv func(string) string
	// Temp is a directory for files.
	Temp string
	// Kubectl does the work.
	Kubectl Runner
	// Objects gives access to the objects of one kind in one namespace.
	Objects func(object *unstructured.Unstructured) (Objects, error)
	// Reporter sends the outputs.
	Reporter report.Reporter
	// Stdout gets what kubectl prints.
	Stdout io.Writer
	// Log says what goes on.
	Log func(format string, args ...any)
	// Pause waits between attempts; nil: by the real clock.
	Pause func(ctx context.Context, d time.Duration) error
}

// Main does the step. The error is meant for the message of the node.
func Main(ctx context.Context, o Options) error {
	t, err := readTemplate(o.Getenv)
	if err != nil {
		return err
	}
	if o.Action != "" {
		t.Resource.Action = o.Action
	}
	wanted, err := parseConditions(t.Resource)
	if err != nil {
		return err
	}
	object, err := o.act(ctx, t)
	if err != nil {
		return err
	}
	if object != nil && (!wanted.none() || wantsObject(t)) {
		if object, err = o.follow(ctx, t, object, wanted); err != nil {
			return err
		}
	}
	return o.report(ctx, t, object)
}

// act runs kubectl, again after what may pass by itself. It returns the object; nil: there is none, or none any more.
func (o *Options) act(ctx context.Context, t *wfv1.Template) (*unstructured.Unstructured, error) {
	var owner *metav1.OwnerReference
	if t.Resource.SetOwnerReference {
		owner = ownerOf(o.Task.APIGroup, o.Task.Workflow, o.Getenv("ARGO_WORKFLOW_UID"))
	}
	out, err := o.kubectl(ctx, t, owner)
	if err != nil && owner != nil && strings.Contains(err.Error(), "cannot set blockOwnerDeletion") {
		// An owner that waits for what it owns takes a right that few have; without it, deletion works as well.
		o.Log("%v; without blockOwnerDeletion:", err)
		owner.BlockOwnerDeletion = nil
		out, err = o.kubectl(ctx, t, owner)
	}
	if err != nil {
		return nil, err
	}
	if t.Resource.Action == "delete" || t.Resource.Action == "get" && len(out) == 0 {
		o.show(out)
		return nil, nil
	}
	objects, err := objectsIn(out)
	if err != nil {
		return nil, err
	}
	o.show(withoutSecrets(out, objects))
	switch {
	case len(objects) > 1 && (wantsObject(t) || t.Resource.SuccessCondition+t.Resource.FailureCondition != ""):
		return nil, fmt.Errorf("the manifest has %d objects; conditions and outputs are possible for one", len(objects))
	}
	for _, object := range objects {
		if object.GetKind() == "" || object.GetName() == "" {
			return nil, errors.New("Kind and name are both required but at least one of them is missing from the manifest") //nolint:staticcheck // as clients know it
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	return objects[0], nil
}

func (o *Options) show(text []byte) {
	if _, err := o.Stdout.Write(text); err != nil {
		o.Log("the log takes no output: %v", err)
	}
}

// kubectl makes the manifest and runs the command.
func (o *Options) kubectl(ctx context.Context, t *wfv1.Template, owner *metav1.OwnerReference) ([]byte, error) {
	manifest, err := manifestOf(t, owner)
	if err != nil {
		return nil, err
	}
	file, err := writeManifest(o.Temp, manifest)
	if err != nil {
		return nil, err
	}
	args := arguments(t.Resource, file, manifest)
	o.Log("kubectl %q", args)
	out, err := o.tryAgain(ctx, func() ([]byte, error) { return o.Kubectl.Run(args) })
	if err != nil {
		return nil, fmt.Errorf("no more retries %w", err)
	}
	return out, nil
}

// follow waits for the conditions and returns the object as it is then, without what kubectl does not show either.
func (o *Options) follow(ctx context.Context, t *wfv1.Template, object *unstructured.Unstructured, wanted *conditions) (*unstructured.Unstructured, error) {
	objects, err := o.Objects(object)
	if err != nil {
		return nil, err
	}
	if !wanted.none() {
		if err := await(ctx, objects, object.GetName(), wanted, o.interval(), o.Log); err != nil {
			return nil, err
		}
	}
	if !wantsObject(t) {
		return object, nil
	}
	for attempt := 1; ; attempt++ {
		latest, err := objects.Get(ctx, object.GetName(), metav1.GetOptions{})
		if err == nil {
			latest.SetManagedFields(nil)
			return latest, nil
		}
		if !transient(err) || attempt >= attempts {
			return nil, fmt.Errorf("read %s %s for the outputs: %w", object.GetKind(), object.GetName(), err)
		}
		if err := o.pause(ctx, o.interval()); err != nil {
			return nil, err
		}
	}
}

func (o *Options) interval() time.Duration {
	if d, err := time.ParseDuration(o.Getenv("RESOURCE_STATE_CHECK_INTERVAL")); err == nil && d > 0 {
		return d
	}
	return defaultInterval
}

func (o *Options) report(ctx context.Context, t *wfv1.Template, object *unstructured.Unstructured) error {
	if len(t.Outputs.Parameters) == 0 && !o.Task.Result {
		return nil // nobody waits for anything
	}
	parameters, err := outputsOf(ctx, t, object)
	if err != nil {
		return err
	}
	result := &report.Result{
		APIGroup: o.Task.APIGroup, Namespace: o.Task.Namespace, Name: o.Task.NodeID, Workflow: o.Task.Workflow, Ordinal: o.Task.Ordinal,
		Outputs: &report.Outputs{Parameters: parameters}, Final: true,
	}
	if err := o.Reporter.Report(ctx, result); err != nil {
		return fmt.Errorf("the outputs cannot be reported: %w", err)
	}
	return nil
}

// Attempts at a call, and the pauses between them (EXE-10).
const (
	attempts    = 5
	firstPause  = time.Second
	pauseFactor = 1.6
	pauseJitter = 0.5
)

func (o *Options) tryAgain(ctx context.Context, call func() ([]byte, error)) ([]byte, error) {
	wait := float64(firstPause)
	for attempt := 1; ; attempt++ {
		out, err := call()
		if err == nil || !transient(err) || attempt >= attempts {
			return out, err
		}
		o.Log("attempt %d of %d: %v", attempt, attempts, err)
		if pauseErr := o.pause(ctx, time.Duration(wait*(1+pauseJitter*rand.Float64()))); pauseErr != nil {
			return nil, err
		}
		wait *= pauseFactor
	}
}

func (o *Options) pause(ctx context.Context, d time.Duration) error {
	if o.Pause != nil {
		return o.Pause(ctx, d)
	}
	return pause(ctx, d)
}

// ObjectsOf finds the kind of an object in the cluster.
func ObjectsOf(mapper meta.RESTMapper, namespace string, of func(mapping *meta.RESTMapping, namespace string) Objects) func(*unstructured.Unstructured) (Objects, error) {
	return func(object *unstructured.Unstructured) (Objects, error) {
		gvk := object.GroupVersionKind()
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			return nil, fmt.Errorf("find the kind %s in the cluster: %w", gvk.GroupKind(), err)
		}
		place := ""
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			if place = object.GetNamespace(); place == "" {
				place = namespace
			}
		}
		return of(mapping, place), nil
	}
}
