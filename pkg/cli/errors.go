package cli

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// explain adds to an error what to do next.
func explain(err error) string {
	text := err.Error()
	if hint := hint(err); hint != "" {
		text += "\n" + hint
	}
	return text
}

func hint(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		if utilnet.IsConnectionRefused(err) {
			return "Is the cluster up, and is it the right one? `kubectl config get-contexts` shows which there are; KUBECONFIG and --kubeconfig say where\nthey are looked up."
		}
		return ""
	}
	details := status.Status().Details
	if details == nil {
		details = &metav1.StatusDetails{}
	}
	switch status.Status().Reason {
	case metav1.StatusReasonNotFound:
		switch details.Kind {
		case "workflows":
			return "`kubectl workflow list` shows the workflows of a namespace; -n chooses another one."
		case "workflowtemplates":
			return "`kubectl workflow template list` shows which there are; -n chooses another namespace."
		case "clusterworkflowtemplates":
			return "`kubectl workflow clustertemplate list` shows which there are."
		case "cronworkflows":
			return "`kubectl workflow cron list` shows which there are; -n chooses another namespace."
		}
	case metav1.StatusReasonForbidden:
		if details.Kind != "" && strings.Contains(status.Status().Message, "cannot") {
			return fmt.Sprintf("`kubectl auth can-i --list` shows what you may do; an administrator grants rights on %s with a Role.", details.Kind)
		}
	case metav1.StatusReasonUnauthorized:
		return "Log in again, or choose other credentials with --context or --user."
	case metav1.StatusReasonConflict:
		if strings.Contains(status.Status().Message, "has been modified") {
			return "Somebody else changed it at the same time: try again."
		}
	case metav1.StatusReasonAlreadyExists:
		return "Give it another name with --name, or a generated one with --generate-name."
	}
	return ""
}

// each runs a function for every name, goes on after errors and reports each, and returns an error if there was one.
func (e *environment) each(names []string, do func(name string) error) error {
	failed := 0
	var last error
	for _, name := range names {
		if err := do(name); err != nil {
			failed++
			last = err
			if len(names) > 1 {
				fmt.Fprintln(e.ErrOut, "Error:", explain(err))
			}
		}
	}
	switch {
	case failed == 0:
		return nil
	case len(names) == 1:
		return last
	}
	return &failure{fmt.Sprintf("%d of %d failed", failed, len(names))}
}
