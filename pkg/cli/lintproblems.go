package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/shape"
	"fairlead.dev/fairlead/pkg/cli/client"
	"fairlead.dev/fairlead/pkg/cli/manifest"
	"fairlead.dev/fairlead/pkg/lint"
)

// problem is a finding with its place, as it is printed in JSON.
type problem struct {
	Source   string        `json:"source"`
	Line     int           `json:"line"`
	Kind     string        `json:"kind"`
	Name     string        `json:"name,omitempty"`
	Path     string        `json:"path,omitempty"`
	Severity lint.Severity `json:"severity"`
	Message  string        `json:"message"`
}

// problems finds what is wrong, here or on the server.
func (o *lintOptions) problems(ctx context.Context, documents []*manifest.Document) ([]problem, error) {
	if o.dryRun == dryRunServer {
		return o.askServer(ctx, documents)
	}
	namespace := ""
	if o.config.Namespace != nil {
		namespace = *o.config.Namespace
	}
	for _, d := range documents {
		o.instance.Label(d.Object)
	}
	return lintOffline(documents, o.strict, lint.Options{Namespace: namespace, Lookup: &o.defaults}), nil
}

// lintOffline lints the documents together, so that they may refer to each other.
func lintOffline(documents []*manifest.Document, strict strictness, options lint.Options) []problem {
	var problems []problem
	objects := make([]runtime.Object, len(documents))
	for i, d := range documents {
		object := lintable[indexOfKind(d.Object.GetKind())].empty()
		unknown, err := kjson.UnmarshalStrict(d.JSON, object)
		if err != nil {
			problems = append(problems, misshapen(d, object, err)...)
			objects[i] = &metav1.Status{} // not linted
			continue
		}
		if meta, ok := object.(metav1.Object); ok {
			meta.SetLabels(d.Object.GetLabels()) // --instanceid may have changed them
		}
		severity := lint.Error
		if !strict {
			severity = lint.Warning
		}
		for _, mistake := range unknown {
			problems = append(problems, strictProblem(d, severity, mistake))
		}
		objects[i] = object
	}
	for _, finding := range lint.Objects(objects, options) {
		problems = append(problems, problemAt(documents[finding.Object], finding.Path, finding.Severity, finding.Message))
	}
	return problems
}

// misshapen are the places of a document that made its decoding fail.
func misshapen(d *manifest.Document, object runtime.Object, err error) []problem {
	var explained *shape.Error
	if !errors.As(shape.Explain(err, d.JSON, object), &explained) {
		return []problem{problemAt(d, "", lint.Error, err.Error())}
	}
	problems := make([]problem, len(explained.Mismatches))
	for i, m := range explained.Mismatches {
		problems[i] = problemAt(d, m.Path, lint.Error, m.Message)
	}
	return problems
}

// strictProblem takes the path out of the words of the decoder: `unknown field "spec.entrypiont"`.
func strictProblem(d *manifest.Document, severity lint.Severity, mistake error) problem {
	text := mistake.Error()
	if what, path, found := strings.Cut(text, ` field "`); found && strings.HasSuffix(path, `"`) {
		return problemAt(d, strings.TrimSuffix(path, `"`), severity, what+" field")
	}
	return problemAt(d, "", severity, text)
}

func problemAt(d *manifest.Document, path string, severity lint.Severity, message string) problem {
	name := cmp.Or(d.Object.GetName(), d.Object.GetGenerateName())
	return problem{Source: d.Source, Line: d.Line, Kind: d.Object.GetKind(), Name: name, Path: path, Severity: severity, Message: message}
}

// askServer has the server check every document. Warnings of the server go to standard error.
func (o *lintOptions) askServer(ctx context.Context, documents []*manifest.Document) ([]problem, error) {
	c, namespace, err := o.connect()
	if err != nil {
		return nil, err
	}
	var problems []problem
	for _, d := range documents {
		resource := lintable[indexOfKind(d.Object.GetKind())].resource
		d.Object.SetAPIVersion(c.GroupVersion.String())
		if resource != client.ClusterWorkflowTemplates {
			if err := o.setNamespace(d, namespace); err != nil {
				return nil, err
			}
		}
		_, err := c.Create(ctx, resource, d.Object.GetNamespace(), d.Object, o.strict.write(dryRunServer))
		var status apierrors.APIStatus
		switch {
		case err == nil || apierrors.IsAlreadyExists(err):
		case !errors.As(err, &status) || !isVerdict(err):
			return nil, err
		default:
			problems = append(problems, verdicts(d, status.Status())...)
		}
	}
	return problems, nil
}

// isVerdict tells whether the server judged the object, rather than failed to.
func isVerdict(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsRequestEntityTooLargeError(err)
}

func verdicts(d *manifest.Document, status metav1.Status) []problem {
	if status.Details == nil || len(status.Details.Causes) == 0 {
		return []problem{problemAt(d, "", lint.Error, status.Message)}
	}
	var problems []problem
	for _, cause := range status.Details.Causes {
		problems = append(problems, problemAt(d, cause.Field, lint.Error, cause.Message))
	}
	return problems
}
