package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/cli/client"
)

func newTemplate(e *environment) *cobra.Command {
	g := &kindGroup{environment: e, kind: "WorkflowTemplate", resource: client.WorkflowTemplates, use: "template", noun: "workflow template"}
	g.describe = g.describeTemplate
	return g.command("templates", "wftmpl")
}

func newClusterTemplate(e *environment) *cobra.Command {
	g := &kindGroup{environment: e, kind: "ClusterWorkflowTemplate", resource: client.ClusterWorkflowTemplates, use: "clustertemplate", noun: "cluster workflow template"}
	g.describe = g.describeTemplate
	return g.command("clustertemplates", "cluster-template", "cwft")
}

// describeTemplate prints what a template offers: where it begins, what it takes, what is inside.
func (g *kindGroup) describeTemplate(object *unstructured.Unstructured) {
	template := &v1alpha1.WorkflowTemplate{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, template); err != nil {
		g.warn("%s: %v", object.GetName(), err)
	}
	g.describeMeta(object)
	g.field("Description", template.Annotations[v1alpha1.AnnotationKeyDescription])
	g.describeSpec(&template.Spec)
}

func (g *kindGroup) field(key, value string) {
	if value != "" {
		g.printf("%-17s%s\n", key+":", strings.Join(strings.Fields(value), " "))
	}
}

func (g *kindGroup) describeMeta(object *unstructured.Unstructured) {
	g.field("Name", object.GetName())
	g.field("Namespace", object.GetNamespace())
	if created := object.GetCreationTimestamp(); !created.IsZero() {
		g.field("Created", fmt.Sprintf("%s (%s ago)", created.UTC().Format(time.RFC3339), duration.HumanDuration(max(0, g.clock.Since(created.Time)))))
	}
}

func (g *kindGroup) describeSpec(spec *v1alpha1.WorkflowSpec) {
	if ref := spec.WorkflowTemplateRef; ref != nil {
		g.field("Template", ref.Name)
	}
	g.field("Entrypoint", spec.Entrypoint)
	g.field("ServiceAccount", spec.ServiceAccountName)
	if len(spec.Arguments.Parameters) > 0 {
		g.printf("Parameters:\n")
		for _, p := range spec.Arguments.Parameters {
			value := "(required)"
			switch {
			case p.Value != nil:
				value = string(*p.Value)
			case p.Default != nil:
				value = string(*p.Default)
			case p.ValueFrom != nil:
				value = "(from elsewhere)"
			}
			g.printf("  %s: %s\n", p.Name, strings.Join(strings.Fields(value), " "))
		}
	}
	if len(spec.Templates) > 0 {
		g.printf("Templates:\n")
		for i := range spec.Templates {
			t := &spec.Templates[i]
			var inputs []string
			for _, p := range t.Inputs.Parameters {
				inputs = append(inputs, p.Name)
			}
			for _, a := range t.Inputs.Artifacts {
				inputs = append(inputs, a.Name)
			}
			g.printf("  %s (%s)%s\n", t.Name, strings.ToLower(string(t.GetType())), bracketed(inputs))
		}
	}
}

func bracketed(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " takes " + strings.Join(names, ", ")
}
