package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Errors say what, and what to do next.
func TestExplain(t *testing.T) {
	workflows := v1alpha1.Resource("workflows")
	status := func(reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: reason, Message: message, Details: &metav1.StatusDetails{Name: "x", Kind: "workflows"}}}
	}
	spec := field.NewPath("spec")
	for _, tc := range []struct {
		name string
		err  error
		want []string
	}{
		{"not found", apierrors.NewNotFound(workflows, "x"), []string{`"x" not found`, "`kubectl workflow list`"}},
		{"of a file", fmt.Errorf("a.yaml:3: %w", apierrors.NewNotFound(v1alpha1.Resource("cronworkflows"), "x")), []string{"a.yaml:3: cronworkflows", "kubectl workflow cron list"}},
		{
			"mistakes",
			fmt.Errorf("a.yaml:3: %w", apierrors.NewInvalid(v1alpha1.Kind("Workflow"), "x", field.ErrorList{field.Required(spec, "why"), field.Forbidden(spec.Child("a"), "no")})),
			[]string{"a.yaml:3: Workflow \"x\" is invalid:\n  spec: Required value: why\n  spec.a: Forbidden: no"},
		},
		{"one mistake", apierrors.NewInvalid(v1alpha1.Kind("Workflow"), "x", field.ErrorList{field.Required(spec, "why")}), []string{`"x" is invalid: spec: Required value: why`}},
		{
			"conflict", apierrors.NewConflict(workflows, "x", errors.New("Cannot retry a workflow in phase Running")),
			[]string{`workflow "x": Cannot retry a workflow in phase Running` + "\n", "`kubectl workflow wait x`"},
		},
		{"changed", apierrors.NewConflict(workflows, "x", errors.New("the object has been modified")), []string{"try again"}},
		{"there already", apierrors.NewAlreadyExists(workflows, "x"), []string{"--generate-name"}},
		{"all namespaces", apierrors.NewForbidden(workflows, "", errors.New(`bob cannot list resource "workflows" at the cluster scope`)), []string{"Without -A", "ClusterRole"}},
		{"misspelt", status(metav1.StatusReasonBadRequest, `strict decoding error: unknown field "spec.x"`), []string{"kubectl explain", "--strict=false"}},
		{"no right", apierrors.NewForbidden(workflows, "x", errors.New("bob cannot get it")), []string{"can-i", "Role"}},
		{"not logged in", apierrors.NewUnauthorized("who?"), []string{"Log in again"}},
		{"a template there already", apierrors.NewAlreadyExists(v1alpha1.Resource("workflowtemplates"), "x"), []string{"`kubectl workflow template update`"}},
		{"more behind it", fmt.Errorf("%w; do that", apierrors.NewConflict(workflows, "x", errors.New("no"))), []string{`workflow "x": no; do that`}},
		{"nothing to add", errors.New("so it is"), []string{"so it is"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := explain(tc.err)
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in %q", want, got)
				}
			}
		})
	}
}
