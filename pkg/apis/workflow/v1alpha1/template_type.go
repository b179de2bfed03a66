package v1alpha1

// Types returns the types that are set in the template, in a fixed order; a valid template has exactly one.
func (t *Template) Types() []TemplateType {
	var set []TemplateType
	for _, candidate := range []struct {
		present bool
		is      TemplateType
	}{
		{t.Container != nil, TemplateTypeContainer},
		{t.ContainerSet != nil, TemplateTypeContainerSet},
		{len(t.Steps) > 0, TemplateTypeSteps},
		{t.Script != nil, TemplateTypeScript},
		{t.Resource != nil, TemplateTypeResource},
		{t.DAG != nil, TemplateTypeDAG},
		{t.Suspend != nil, TemplateTypeSuspend},
		{t.Data != nil, TemplateTypeData},
		{t.HTTP != nil, TemplateTypeHTTP},
		{t.Plugin != nil, TemplateTypePlugin},
	} {
		if candidate.present {
			set = append(set, candidate.is)
		}
	}
	return set
}

// GetType returns the type of the template: the first one set, or TemplateTypeUnknown.
func (t *Template) GetType() TemplateType {
	if set := t.Types(); len(set) > 0 {
		return set[0]
	}
	return TemplateTypeUnknown
}

// IsPodType tells whether a node of this template is a pod.
func (t *Template) IsPodType() bool {
	switch t.GetType() {
	case TemplateTypeContainer, TemplateTypeContainerSet, TemplateTypeScript, TemplateTypeResource, TemplateTypeData:
		return true
	}
	return false
}

// IsLeaf tells whether the template makes a pod or a task of the agent, and so is neither composite nor a suspend.
func (t *Template) IsLeaf() bool {
	switch t.GetType() {
	case TemplateTypeHTTP, TemplateTypePlugin:
		return true
	}
	return t.IsPodType()
}

// IsComposite tells whether the template is made of other templates.
func (t *Template) IsComposite() bool {
	switch t.GetType() {
	case TemplateTypeSteps, TemplateTypeDAG:
		return true
	}
	return false
}

// IsDaemon tells whether the flow goes on while the pod of this template runs.
func (t *Template) IsDaemon() bool { return t.Daemon != nil && *t.Daemon }

// GetNodeType returns the type of a node that runs this template.
func (t *Template) GetNodeType() NodeType {
	switch t.GetType() {
	case TemplateTypeSteps:
		return NodeTypeSteps
	case TemplateTypeDAG:
		return NodeTypeDAG
	case TemplateTypeSuspend:
		return NodeTypeSuspend
	case TemplateTypeHTTP:
		return NodeTypeHTTP
	case TemplateTypePlugin:
		return NodeTypePlugin
	case TemplateTypeUnknown:
		return ""
	}
	return NodeTypePod
}
