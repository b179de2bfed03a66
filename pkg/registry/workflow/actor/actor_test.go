package actor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func TestLabelOfAUser_LBL04(t *testing.T) {
	for name, want := range map[string]string{
		"jane":                              "jane",
		"jane@example.com":                  "jane.at.example.com",
		"system:serviceaccount:ns:deployer": "system-serviceaccount-ns-deployer",
		"-a_":                               "a",
		"Ümlaut":                            "mlaut",
		"***":                               "",
		strings.Repeat("x", 70) + "-end":    strings.Repeat("x", 59) + "-end",
		"y" + strings.Repeat(":", 62) + "z": "z",
	} {
		if got := label(name); got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	}
}

func TestCreatorAndActor_OPS17(t *testing.T) {
	groups := make([]string, 60)
	for i := range groups {
		groups[i] = "g"
	}
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "jane@example.com", Groups: groups})
	wf := &v1alpha1.Workflow{}
	wf.Labels = map[string]string{v1alpha1.LabelKeyCreator: "somebody-else", v1alpha1.LabelKeyCreatorEmail: "forged", "keep": "this"}
	Created(ctx, wf, now)
	if wf.Labels[v1alpha1.LabelKeyCreator] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyCreatorEmail] != "" || wf.Labels["keep"] != "this" {
		t.Errorf("labels %v", wf.Labels)
	}
	var noted record
	if err := json.Unmarshal([]byte(wf.Annotations[v1alpha1.AnnotationKeyCreator]), &noted); err != nil ||
		noted.User != "jane@example.com" || len(noted.Groups) != maxGroups || noted.GroupsTotal != 60 || !noted.Time.Time.Equal(now.Truncate(time.Second)) {
		t.Errorf("annotation %s: %v", wf.Annotations[v1alpha1.AnnotationKeyCreator], err)
	}

	changed := wf.DeepCopy()
	changed.Labels[v1alpha1.LabelKeyCreator], changed.Annotations = "forged", nil
	KeepCreator(changed, wf)
	if changed.Labels[v1alpha1.LabelKeyCreator] != "jane.at.example.com" || changed.Annotations[v1alpha1.AnnotationKeyCreator] == "" {
		t.Errorf("an update changed the creator: %v %v", changed.Labels, changed.Annotations)
	}

	Acted(ctx, wf, "Retry", now)
	if wf.Labels[v1alpha1.LabelKeyActor] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyAction] != "Retry" ||
		!strings.Contains(wf.Annotations[v1alpha1.AnnotationKeyActor], `"action":"Retry"`) {
		t.Errorf("actor %v %v", wf.Labels, wf.Annotations)
	}

	changed = wf.DeepCopy()
	changed.Labels[v1alpha1.LabelKeyAction], changed.Annotations = "Forged", nil
	KeepActor(changed, wf)
	if changed.Labels[v1alpha1.LabelKeyAction] != "Retry" || changed.Annotations[v1alpha1.AnnotationKeyActor] == "" {
		t.Errorf("an update changed the actor: %v %v", changed.Labels, changed.Annotations)
	}

	// What a cluster maps from the claims of tokens joins in (LBL-03).
	ctx = genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "4711", Extra: map[string][]string{
		"example.com/email": {"jane@example.com"}, "example.com/preferred_username": {"jane"}, "authentication.kubernetes.io/pod-name": {"p"},
	}})
	Created(WithAction(ctx, "Resubmit"), wf, now)
	if wf.Labels[v1alpha1.LabelKeyCreator] != "4711" || wf.Labels[v1alpha1.LabelKeyCreatorEmail] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyCreatorPreferredUsername] != "jane" ||
		wf.Labels[v1alpha1.LabelKeyActorEmail] != "jane.at.example.com" || wf.Labels[v1alpha1.LabelKeyActorPreferredUsername] != "jane" || wf.Labels[v1alpha1.LabelKeyAction] != "Resubmit" {
		t.Errorf("labels %v", wf.Labels)
	}
	if name := fmt.Sprint(Name(ctx)); name != "map[Email:jane@example.com PreferredUsername:jane User:4711]" {
		t.Errorf("in messages: %s", name)
	}
	Acted(genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "other"}), wf, "Stop", now)
	if wf.Labels[v1alpha1.LabelKeyActorEmail] != "" || wf.Labels[v1alpha1.LabelKeyActorPreferredUsername] != "" {
		t.Errorf("of the one before is left: %v", wf.Labels)
	}

	Created(t.Context(), wf, now)
	if wf.Labels[v1alpha1.LabelKeyActor] != "" || wf.Annotations[v1alpha1.AnnotationKeyActor] != "" {
		t.Errorf("a new object has an actor: %v", wf.Labels)
	}
	if _, ok := wf.Labels[v1alpha1.LabelKeyCreator]; ok || wf.Annotations[v1alpha1.AnnotationKeyCreator] != "" {
		t.Error("nobody is asking, and yet there is a creator")
	}
}
