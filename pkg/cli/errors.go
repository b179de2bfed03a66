package cli

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/tools/clientcmd"

	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
)

// explain puts an error into words for people, and adds what to do next.
func explain(err error) string {
	text := err.Error()
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		said := status.Status()
		text = strings.Replace(text, said.Message, plain(&said), 1)
	}
	if hint := hint(err); hint != "" {
		text += "\n" + hint
	}
	return text
}

// plain leaves out of the server's words what only the API knows, and puts each of several mistakes on a line.
func plain(status *metav1.Status) string {
	details := status.Details
	if details == nil {
		return status.Message
	}
	switch status.Reason {
	case metav1.StatusReasonConflict:
		// `Operation cannot be fulfilled on workflows.argoproj.io "x": ` stands in front of the reason.
		if front, reason, found := strings.Cut(status.Message, fmt.Sprintf(" %q: ", details.Name)); found && strings.HasPrefix(front, "Operation ") {
			return fmt.Sprintf("%s %q: %s", strings.TrimSuffix(details.Kind, "s"), details.Name, reason)
		}
	case metav1.StatusReasonInvalid:
		if len(details.Causes) < 2 {
			break
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s %q is invalid:", details.Kind, details.Name)
		for _, cause := range details.Causes {
			text.WriteString("\n  " + strings.TrimPrefix(cause.Field+": "+cause.Message, ": "))
		}
		return text.String()
	}
	return status.Message
}

// hint is what to do about an error; empty when that is plain, or not known.
func hint(err error) string {
	var status apierrors.APIStatus
	var unreachable *manifest.UnreachableError
	switch {
	case errors.As(err, &unreachable):
		return ""
	case errors.As(err, &status):
		said := status.Status()
		if said.Details == nil {
			said.Details = &metav1.StatusDetails{}
		}
		return hintAt(&said)
	case clientcmd.IsContextNotFound(err), strings.HasPrefix(err.Error(), "context ") && strings.HasSuffix(err.Error(), "does not exist"):
		return "`kubectl config get-contexts` shows which there are."
	case utilnet.IsConnectionRefused(err), strings.Contains(err.Error(), "no such host"):
		return "Is the cluster up, and is it the right one? `kubectl config get-contexts` shows which there are; KUBECONFIG and --kubeconfig say where\nthey are looked up."
	case strings.Contains(err.Error(), "failed to verify certificate"):
		return "The server is not the one that the kubeconfig is for, or --certificate-authority is missing."
	}
	return ""
}

// whereToLook says for a kind how to find out which objects there are.
var whereToLook = map[string]string{
	"workflows":                "`kubectl workflow list` shows the workflows of a namespace; -n chooses another one.",
	"workflowtemplates":        "`kubectl workflow template list` shows which there are; -n chooses another namespace.",
	"clusterworkflowtemplates": "`kubectl workflow clustertemplate list` shows which there are.",
	"cronworkflows":            "`kubectl workflow cron list` shows which there are; -n chooses another namespace.",
}

// groupOf are the commands about kinds other than workflows.
var groupOf = map[string]string{"workflowtemplates": "template", "clusterworkflowtemplates": "clustertemplate", "cronworkflows": "cron"}

func hintAt(status *metav1.Status) string {
	message := status.Message
	switch status.Reason {
	case metav1.StatusReasonNotFound:
		return whereToLook[status.Details.Kind]
	case metav1.StatusReasonForbidden:
		if status.Details.Kind != "" && strings.Contains(message, "cannot") {
			if strings.Contains(message, "at the cluster scope") && status.Details.Kind != client.ClusterWorkflowTemplates {
				return fmt.Sprintf("Without -A one namespace is looked at, and -n chooses which; rights on the %s of all namespaces come with a ClusterRole and a ClusterRoleBinding.", status.Details.Kind)
			}
			return fmt.Sprintf("`kubectl auth can-i --list` shows what you may do; an administrator grants rights on %s with a Role.", status.Details.Kind)
		}
	case metav1.StatusReasonUnauthorized:
		return "Log in again, or choose other credentials with --context or --user."
	case metav1.StatusReasonConflict:
		switch {
		case strings.Contains(message, "has been modified"):
			return "Somebody else changed it at the same time: try again."
		case strings.Contains(message, "in phase Running"), strings.Contains(message, "in phase Pending"):
			return fmt.Sprintf("`kubectl workflow wait %s` waits until it is over, `kubectl workflow stop %s` ends it.", status.Details.Name, status.Details.Name)
		}
	case metav1.StatusReasonAlreadyExists:
		if command := groupOf[status.Details.Kind]; command != "" {
			return fmt.Sprintf("`kubectl workflow %s update` changes it, and `kubectl apply -f` creates or changes.", command)
		}
		return "Give it another name with --name, or a generated one with --generate-name."
	case metav1.StatusReasonBadRequest:
		switch {
		case strings.Contains(message, "strict decoding error"):
			return "`kubectl explain workflow.spec` shows the fields. With --strict=false, those that nobody knows are dropped with a warning."
		case strings.Contains(message, "unknown field"): // of a step, which is always strict
			return "`kubectl explain workflow.spec.templates.steps` shows the fields."
		}
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
