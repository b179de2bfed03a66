package app

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

func TestEnvironment_ENV01(t *testing.T) {
	values := map[string]string{
		"EXPRESSION_TEMPLATES": "false", "DISABLE_MAX_RECURSION": "true", "ARGO_ARTIFACT_GC_ENABLED": "false", "RETRY_HOST_NAME_LABEL_KEY": "zone",
		"TRANSIENT_ERROR_PATTERN": "x", "TASK_RESULT_TIMEOUT_DURATION": "3m", "POD_NAMES": "v1", "WF_DEL_PROPAGATION_POLICY": "Foreground",
		"WORKFLOW_USER_OVERRIDE_ALLOWLIST": "serviceAccountName, nodeSelector", "ARGO_POD_STATUS_CAPTURE_FINALIZER": "true",
		"ARGO_REMOVE_PVC_PROTECTION_FINALIZER": "false", "ARGO_PROGRESS_PATCH_TICK_DURATION": "10s",
	}
	e, err := readEnvironment(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	o := e.engine
	if !o.ExpressionTagsOff || !o.UnlimitedRecursion || !e.keepArtifacts || o.RetryHostLabel != "zone" || o.TransientErrors != "x" || o.ResultTimeout != 3*time.Minute ||
		!o.PodNamesV1 || e.deletion != metav1.DeletePropagationForeground || len(o.Policy.AlsoAllowed) != 2 ||
		!e.statusFinalizer || !e.protectClaims || *e.progress != (pod.ProgressPace{Read: 3 * time.Second, Tell: 10 * time.Second}) {
		t.Errorf("%+v", e)
	}
	for name, value := range map[string]string{"POD_NAMES": "v3", "WF_DEL_PROPAGATION_POLICY": "never", "EXPRESSION_TEMPLATES": "maybe", "WORKFLOW_USER_OVERRIDE_ALLOWLIST": "serviceAcount", "ARGO_PROGRESS_FILE_TICK_DURATION": "-1s"} {
		_, err := readEnvironment(func(n string) string {
			if n == name {
				return value
			}
			return ""
		})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s (V-254): %v", name, value, err)
		}
	}
	if e, err := readEnvironment(func(string) string { return "" }); err != nil || e.keepArtifacts || e.engine.ExpressionTagsOff || e.engine.PodNamesV1 ||
		e.statusFinalizer || e.protectClaims || e.progress != nil {
		t.Errorf("%+v %v", e, err)
	}
}
