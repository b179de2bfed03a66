package verb

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Options are independent of each other, also when they say the same.
func TestEqualOptions_OPS03(t *testing.T) {
	for range 20 { // the order of a map would show
		wf := &v1alpha1.Workflow{}
		if errs := applySubmission(wf, nil, &v1alpha1.SubmitOptions{Entrypoint: "build", ServiceAccount: "build", PodPriorityClassName: "build"}); len(errs) > 0 {
			t.Fatal(errs)
		}
		if wf.Spec.Entrypoint != "build" || wf.Spec.ServiceAccountName != "build" || wf.Spec.PodPriorityClassName != "build" {
			t.Fatalf("%+v", wf.Spec)
		}
	}
	wf := &v1alpha1.Workflow{Spec: v1alpha1.WorkflowSpec{Entrypoint: "main", ServiceAccountName: "sa", PodPriorityClassName: "high"}}
	applySubmission(wf, nil, &v1alpha1.SubmitOptions{})
	if wf.Spec.Entrypoint != "main" || wf.Spec.ServiceAccountName != "sa" || wf.Spec.PodPriorityClassName != "high" {
		t.Errorf("options that are not given change %+v", wf.Spec)
	}
}

// V-235: what is overridden exists, in the place where it is declared.
func TestArtifactOverrides_V235(t *testing.T) {
	const uuid = "0b7c3a0e-9a53-4f0e-8a86-0f3f0c5d1e2f"
	stored := func(name string, l v1alpha1.ArtifactLocation) v1alpha1.Artifact {
		return v1alpha1.Artifact{Name: name, ArtifactLocation: l}
	}
	s3 := v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "old", S3Bucket: v1alpha1.S3Bucket{Bucket: "b"}}}
	for _, tc := range []struct {
		name, pair    string
		own, declared v1alpha1.Artifacts
		// through a template that the workflow refers to
		referring bool
		want      string
	}{
		{name: "its own", pair: "a=k", own: v1alpha1.Artifacts{stored("a", s3)}},
		{name: "the template's", pair: "a=k", declared: v1alpha1.Artifacts{stored("b", s3), stored("a", s3)}, referring: true},
		{name: "without a place", pair: "a=k", declared: v1alpha1.Artifacts{stored("a", v1alpha1.ArtifactLocation{})}},
		{name: "none of that name", pair: "c=k", declared: v1alpha1.Artifacts{stored("a", s3), stored("b", s3)}, want: "matched no artifact: c; spec.arguments declares a, b"},
		{name: "none at all", pair: "c=k", want: "matched no artifact: c; spec.arguments declares none"},
		{name: "no key", pair: "a=", own: v1alpha1.Artifacts{stored("a", s3)}, want: "must be name=key, both not empty"},
		{name: "no name", pair: "=k", own: v1alpha1.Artifacts{stored("a", s3)}, want: "must be name=key, both not empty"},
		{name: "neither", pair: "a", own: v1alpha1.Artifacts{stored("a", s3)}, want: "must be name=key, both not empty"},
		{name: "a place without keys", pair: "a=k", own: v1alpha1.Artifacts{stored("a", v1alpha1.ArtifactLocation{Raw: &v1alpha1.RawArtifact{Data: "x"}})}, want: "key"},
		{name: "an upload", pair: "a=uploads/ns/" + uuid + "/f.txt", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true},
		{name: "an upload of another namespace", pair: "a=uploads/other/" + uuid + "/f.txt", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true, want: "must be uploads/ns/<UUID>/"},
		{name: "a way around", pair: "a=x/../uploads/other/" + uuid + "/f.txt", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true, want: "must be uploads/ns/<UUID>/"},
		{name: "a way out", pair: "a=uploads/ns/../other/" + uuid + "/f.txt", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true, want: "must be uploads/ns/<UUID>/"},
		{name: "no UUID", pair: "a=uploads/ns/f/f.txt", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true, want: "must be uploads/ns/<UUID>/"},
		{name: "a whole directory", pair: "a=uploads/ns/" + uuid + "/", declared: v1alpha1.Artifacts{stored("a", s3)}, referring: true, want: "must be uploads/ns/<UUID>/"},
		{name: "a copy may name any key", pair: "a=uploads/other/x", own: v1alpha1.Artifacts{stored("a", s3)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wf := &v1alpha1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns"}}
			wf.Spec.Arguments.Artifacts = tc.own.DeepCopy()
			if tc.referring {
				wf.Spec.WorkflowTemplateRef = &v1alpha1.WorkflowTemplateRef{Name: "t"}
			}
			o := &v1alpha1.SubmitOptions{Artifacts: []string{tc.pair}}
			errs := checkSubmission(o)
			if len(errs) == 0 {
				errs = applySubmission(wf, tc.declared, o)
			}
			if tc.want != "" {
				if len(errs) != 1 || errs[0].Field != "artifacts[0]" || !strings.Contains(errs[0].Error(), tc.want) {
					t.Errorf("%v, want %q", errs, tc.want)
				}
				return
			}
			_, key, _ := strings.Cut(tc.pair, "=")
			if a := wf.Spec.Arguments.Artifacts.GetArtifactByName("a"); len(errs) > 0 || a == nil || a.S3.Key != key {
				t.Errorf("%v, %+v", errs, a)
			}
			if len(tc.declared) > 0 && tc.declared[0].S3 != nil && tc.declared[0].S3.Key != "old" {
				t.Error("the template has changed")
			}
		})
	}
}
