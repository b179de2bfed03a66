package engine

import (
	"fmt"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/expr"
)

// podDeadline is the earliest of the deadlines of a pod (POD-16); exit handlers outlive the workflow's.
func (r *Run) podDeadline(e *entry) time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if !e.call.onExit {
		earlier(r.deadline)
	}
	if e.leaf.Timeout != "" {
		if d, err := v1alpha1.ParseTimeout(e.leaf.Timeout); err == nil {
			earlier(e.st.StartedAt.Add(d))
		}
	}
	if f := e.call.attempt; f != nil {
		earlier(f.deadline())
	}
	return at
}

// podRequest describes the pod of a node to who creates it.
func (r *Run) podRequest(e *entry) (PodRequest, error) {
	if r.leafOf(e) == nil {
		return PodRequest{}, fmt.Errorf("template of node %s cannot be worked out again", e.st.Name)
	}
	p := PodRequest{
		NodeID: e.st.ID, NodeName: e.st.Name, PodName: r.storedPodName(e), Template: e.leaf, OnExit: e.call.onExit,
		Deadline: r.podDeadline(e), IncludeResult: e.call.result || e.leaf.Data != nil, Restart: e.st.FailedPodRestarts,
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return PodRequest{}, err
	}
	p.IncludeResult = p.IncludeResult || t.ownResult
	if p.Spec, err = r.podSpecFor(r.nodeScope(e, t)); err != nil {
		return PodRequest{}, err
	}
	p.ArchiveLogs = r.archivesLogs(e.leaf)
	if p.ArtifactPrefix, err = r.artifactPrefix(e, t, p.ArchiveLogs); err != nil {
		return PodRequest{}, err
	}
	if e.call.outer != nil {
		p.Boundary = e.call.outer.spec
	}
	if e.leaf.ActiveDeadlineSeconds != nil {
		if n, err := integer("activeDeadlineSeconds", e.leaf.ActiveDeadlineSeconds); err == nil {
			seconds := int64(n)
			p.ActiveDeadline = &seconds
		}
	}
	if f := e.call.attempt; f != nil && f.rules.avoidHosts {
		for _, s := range f.attempts {
			if s.e != nil && s.e != e && s.e.st.HostNodeName != "" {
				p.FailedHosts = append(p.FailedHosts, s.e.st.HostNodeName)
			}
		}
	}
	return p, nil
}

// artifactRepository is the one that was found for the workflow; nil: none.
func (r *Run) artifactRepository() *v1alpha1.ArtifactRepository {
	if ref := r.status.ArtifactRepositoryRef; ref != nil {
		return ref.ArtifactRepository
	}
	return nil
}

// archivesLogs tells whether the logs of a step are stored (ART-13): the repository may force it; otherwise the template's
// word counts before the workflow's.
func (r *Run) archivesLogs(leaf *v1alpha1.Template) bool {
	if repository := r.artifactRepository(); repository != nil && repository.ArchiveLogs != nil && *repository.ArchiveLogs {
		return true
	}
	if leaf != nil && leaf.ArchiveLocation != nil && leaf.ArchiveLocation.ArchiveLogs != nil {
		return *leaf.ArchiveLocation.ArchiveLogs
	}
	return r.spec.ArchiveLogs != nil && *r.spec.ArchiveLogs
}

// artifactPrefix is how the keys of the step's artifacts begin in the repository, if it has any (ART-09).
func (r *Run) artifactPrefix(e *entry, t *template, logs bool) (string, error) {
	if len(e.leaf.Outputs.Artifacts) == 0 && !logs {
		return "", nil
	}
	prefix, err := r.cache.RenderString(r.artifactRepository().GetKeyFormat(), r.nodeScope(e, t), expr.Strict)
	if err != nil {
		return "", fmt.Errorf("key format of the artifact repository: %w", err)
	}
	return prefix, nil
}
