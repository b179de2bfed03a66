package app

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
	"fairlead.dev/fairlead/pkg/engine"
)

// environment is what the controller takes from its environment, by the names that Argo Workflows gave these switches
// (ENV-01).
type environment struct {
	engine engine.Options
	// deletion is what becomes of what a workflow owns whose time is over.
	deletion metav1.DeletionPropagation
	// keepArtifacts switches artifact GC off (AGC-05).
	keepArtifacts bool
	// statusFinalizer keeps pods until their end is recorded (POD-19).
	statusFinalizer bool
	// protectClaims leaves the protection on volume claims that are deleted at the end of a workflow (VOL-03).
	protectClaims bool
	// progress is how often progress is read and told; nil: as by default (EXE-12).
	progress *pod.ProgressPace
}

// readEnvironment reads it; an unreadable value is an error that names its variable.
func readEnvironment(getenv func(string) string) (environment, error) {
	e := environment{}
	var problems []error
	read := func(name string, take func(value string) error) {
		if value := getenv(name); value != "" {
			if err := take(value); err != nil {
				problems = append(problems, fmt.Errorf("environment variable %s: %w", name, err))
			}
		}
	}
	flag := func(to *bool, whenSet bool) func(string) error {
		return func(value string) error {
			on, err := strconv.ParseBool(value)
			*to = on == whenSet
			return err
		}
	}
	read("EXPRESSION_TEMPLATES", flag(&e.engine.ExpressionTagsOff, false))
	read("DISABLE_MAX_RECURSION", flag(&e.engine.UnlimitedRecursion, true))
	read("ARGO_ARTIFACT_GC_ENABLED", flag(&e.keepArtifacts, false))
	read("ARGO_POD_STATUS_CAPTURE_FINALIZER", flag(&e.statusFinalizer, true))
	read("ARGO_REMOVE_PVC_PROTECTION_FINALIZER", flag(&e.protectClaims, false))
	pace := func(which func(*pod.ProgressPace) *time.Duration) func(string) error {
		return func(value string) error {
			d, err := time.ParseDuration(value)
			if err == nil && d < 0 {
				err = errors.New("must not be negative; 0 switches progress off")
			}
			if e.progress == nil {
				p := pod.DefaultProgressPace
				e.progress = &p
			}
			*which(e.progress) = d
			return err
		}
	}
	read("ARGO_PROGRESS_FILE_TICK_DURATION", pace(func(p *pod.ProgressPace) *time.Duration { return &p.Read }))
	read("ARGO_PROGRESS_PATCH_TICK_DURATION", pace(func(p *pod.ProgressPace) *time.Duration { return &p.Tell }))
	read("RETRY_HOST_NAME_LABEL_KEY", func(value string) error { e.engine.RetryHostLabel = value; return nil })
	read("TRANSIENT_ERROR_PATTERN", func(value string) error { e.engine.TransientErrors = value; return nil })
	read("TASK_RESULT_TIMEOUT_DURATION", func(value string) (err error) { e.engine.ResultTimeout, err = time.ParseDuration(value); return err })
	read("POD_NAMES", func(value string) error {
		if e.engine.PodNamesV1 = value == "v1"; !e.engine.PodNamesV1 && value != "v2" {
			return fmt.Errorf("must be v1 or v2, is %q", value)
		}
		return nil
	})
	read("WF_DEL_PROPAGATION_POLICY", func(value string) error {
		switch e.deletion = metav1.DeletionPropagation(value); e.deletion {
		case metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan:
			return nil
		}
		return fmt.Errorf("must be Background, Foreground or Orphan, is %q", value)
	})
	read("WORKFLOW_USER_OVERRIDE_ALLOWLIST", func(value string) error {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				e.engine.Policy.AlsoAllowed = append(e.engine.Policy.AlsoAllowed, name)
			}
		}
		return e.engine.Policy.Validate()
	})
	return e, errors.Join(problems...)
}
