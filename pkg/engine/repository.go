package engine

import (
	"slices"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// repository finds the artifact repository of the workflow, once, before anything starts (ART-10). Only a workflow that may
// need one asks for it. false: it has to be looked up first.
func (r *Run) repository() bool {
	if r.status.ArtifactRepositoryRef != nil || !r.opts.RepositoryForAll && !mayNeedRepository(r.spec) {
		return true
	}
	request := TemplateRequest{Kind: RequestArtifactRepository}
	if ref := r.spec.ArtifactRepositoryRef; ref != nil {
		request.Name, request.Key, request.Explicit = ref.ConfigMap, ref.Key, true
	}
	answer, known := r.answers[request]
	switch {
	case !known:
		r.await(request, r.top)
		return false
	case answer.Message != "":
		r.abort("failed to resolve artifact repository: " + answer.Message)
		return false
	case answer.Repository != nil:
		r.status.ArtifactRepositoryRef = answer.Repository.DeepCopy()
		r.statusChanged = true
	}
	return true
}

// mayNeedRepository tells whether a workflow can have anything to do with artifacts, as far as that can be seen before it
// runs. What templates of other objects need is not known then.
func mayNeedRepository(spec *v1alpha1.WorkflowSpec) bool {
	if spec.ArtifactRepositoryRef != nil || len(spec.Arguments.Artifacts) > 0 || spec.ArchiveLogs != nil && *spec.ArchiveLogs ||
		spec.TemplateDefaults != nil && templateUsesArtifacts(spec.TemplateDefaults) || hooksRefer(spec.Hooks) {
		return true
	}
	for i := range spec.Templates {
		if templateUsesArtifacts(&spec.Templates[i]) {
			return true
		}
	}
	return false
}

func templateUsesArtifacts(t *v1alpha1.Template) bool {
	if len(t.Inputs.Artifacts) > 0 || len(t.Outputs.Artifacts) > 0 || t.ArchiveLocation != nil || t.Data != nil ||
		t.Resource != nil && t.Resource.ManifestFrom != nil {
		return true
	}
	for _, group := range t.Steps {
		for i := range group.Steps {
			s := &group.Steps[i]
			if s.TemplateRef != nil || s.Inline != nil && templateUsesArtifacts(s.Inline) || hooksRefer(s.Hooks) {
				return true
			}
		}
	}
	return t.DAG != nil && slices.ContainsFunc(t.DAG.Tasks, func(task v1alpha1.DAGTask) bool {
		return task.TemplateRef != nil || task.Inline != nil && templateUsesArtifacts(task.Inline) || hooksRefer(task.Hooks)
	})
}

func hooksRefer(hooks v1alpha1.LifecycleHooks) bool {
	for _, h := range hooks {
		if h.TemplateRef != nil || len(h.Arguments.Artifacts) > 0 {
			return true
		}
	}
	return false
}
