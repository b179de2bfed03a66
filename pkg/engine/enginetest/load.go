package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine"
)

// Parse reads a Workflow from YAML.
func Parse(text string) (*v1alpha1.Workflow, error) {
	wf := &v1alpha1.Workflow{}
	if err := yaml.UnmarshalStrict([]byte(text), wf); err != nil {
		return nil, err
	}
	return wf, nil
}

// Tree prints nodes one a line, sorted by name: name, type, phase, message.
func Tree(nodes []v1alpha1.NodeStatus) string {
	lines := make([]string, 0, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", n.Name, n.Type, n.Phase, n.Message)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// AddTemplate lets references find a WorkflowTemplate, or a ClusterWorkflowTemplate.
func (d *Driver) AddTemplate(name string, cluster bool, spec *v1alpha1.WorkflowSpec) {
	kind := engine.RequestWorkflowTemplate
	if cluster {
		kind = engine.RequestClusterWorkflowTemplate
	}
	d.Templates[engine.TemplateRequest{Kind: kind, Name: name}] = engine.TemplateResolved{Spec: spec}
}
