package podlog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/engine/node"
)

const (
	// logArtifactSuffix ends the names of artifacts that are logs, after the name of the container; logKeySuffix ends their keys.
	logArtifactSuffix = "-logs"
	logKeySuffix      = ".log"
	// maxTail is how much is held of saved logs of which only the last lines are wanted, in bytes, for one request.
	maxTail = 16 << 20
	// lineOverhead is what a line that is held costs beside its text.
	lineOverhead = 64
)

// Archive opens logs that were saved as artifacts (archiveLogs).
type Archive interface {
	OpenLog(ctx context.Context, workflow *v1alpha1.Workflow, log *v1alpha1.Artifact) (io.ReadCloser, error)
}

// savedLog is a log in an artifact store. It has no timestamps of its own.
type savedLog struct {
	workflow *v1alpha1.Workflow
	artifact *v1alpha1.Artifact
	archive  Archive
}

// mayHaveSaved tells whether logs of a workflow are saved at all, so that its nodes are worth reading.
func mayHaveSaved(wf *v1alpha1.Workflow) bool {
	yes := func(b *bool) bool { return b != nil && *b }
	if ref := wf.Status.ArtifactRepositoryRef; ref != nil && ref.ArtifactRepository != nil && yes(ref.ArtifactRepository.ArchiveLogs) {
		return true
	}
	template := func(t v1alpha1.Template) bool { return t.ArchiveLocation != nil && yes(t.ArchiveLocation.ArchiveLogs) }
	for _, spec := range []*v1alpha1.WorkflowSpec{&wf.Spec, wf.Status.StoredWorkflowSpec} {
		if spec == nil {
			continue
		}
		if yes(spec.ArchiveLogs) || slices.ContainsFunc(spec.Templates, template) || spec.TemplateDefaults != nil && template(*spec.TemplateDefaults) {
			return true
		}
	}
	for _, t := range wf.Status.StoredTemplates {
		if template(t) {
			return true
		}
	}
	return false
}

// savedContainers are the saved logs that the request is for.
func savedContainers(wf *v1alpha1.Workflow, r *request, archive Archive) []container {
	var saved []container
	for _, n := range wf.Status.Nodes {
		if n.Type != v1alpha1.NodeTypePod || n.Outputs == nil || !r.wantsNode(n.Name) || r.endedBefore(n.FinishedAt.Time) {
			continue
		}
		pod := node.PodName(wf.Annotations[v1alpha1.AnnotationKeyPodNameVersion], wf.Name, n.Name, templateOf(&n))
		if r.podName != "" && r.podName != pod {
			continue
		}
		logs := logsOf(n.Outputs.Artifacts)
		for name, a := range logs {
			if r.container != "" && name != r.container || r.container == "" && logs[mainContainer] != nil && name != mainContainer {
				continue
			}
			saved = append(saved, container{
				namespace: wf.Namespace, pod: pod, name: name, start: n.StartedAt.Time, terminated: true,
				saved: &savedLog{workflow: wf, artifact: a, archive: archive},
			})
		}
	}
	return saved
}

func templateOf(n *v1alpha1.NodeStatus) string {
	if n.TemplateRef != nil {
		return n.TemplateRef.Template
	}
	return n.TemplateName
}

// logsOf are the artifacts that are logs, by container.
func logsOf(artifacts v1alpha1.Artifacts) map[string]*v1alpha1.Artifact {
	logs := map[string]*v1alpha1.Artifact{}
	for i := range artifacts {
		a := &artifacts[i]
		name, ok := strings.CutSuffix(a.Name, logArtifactSuffix)
		if !ok || a.Deleted {
			continue
		}
		if key, ok := a.GetKey(); ok && strings.HasSuffix(key, name+logKeySuffix) {
			logs[name] = a
		}
	}
	return logs
}

// endedBefore tells whether nothing that ended at this time can have been logged since what was asked for.
func (r *request) endedBefore(end time.Time) bool {
	if end.IsZero() {
		return false
	}
	switch {
	case r.sinceTime != nil:
		return end.Before(r.sinceTime.Time)
	case r.sinceSeconds != nil:
		return end.Before(r.clock.Now().Add(-time.Duration(*r.sinceSeconds) * time.Second))
	}
	return false
}

// becomeSaved turns to the saved log of a pod that went before its own could be opened, and tells whether there is one.
func (s *stream) becomeSaved(ctx context.Context) bool {
	if s.request.findSaved == nil {
		return false
	}
	saved, err := s.request.findSaved(ctx)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(saved, func(c container) bool { return c.pod == s.pod && c.name == s.name })
	if i >= 0 {
		s.saved = saved[i].saved
	}
	return i >= 0
}

// readSaved passes a saved log on.
func (s *stream) readSaved(ctx context.Context) error {
	log, err := s.saved.archive.OpenLog(ctx, s.saved.workflow, s.saved.artifact)
	if err != nil {
		return err
	}
	defer log.Close()
	var content io.Reader = log
	if s.request.tailLines != nil {
		if content, err = tail(log, *s.request.tailLines, maxTail/max(1, min(len(s.request.saved), maxOpen))); err != nil {
			return err
		}
	}
	lines := newLineReader(content)
	lines.plain, lines.at = true, s.start
	return s.passLines(ctx, lines, time.Time{})
}

// tail holds the last n lines, as far as they fit into limit bytes.
func tail(r io.Reader, n int64, limit int) (io.Reader, error) {
	var kept [][]byte
	size := 0
	lines := newLineReader(r)
	lines.plain = true
	count := int64(0)
	for {
		p, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if p.first {
			count++
		}
		kept = append(kept, bytes.Clone(p.data))
		size += len(p.data) + lineOverhead
		for len(kept) > 0 && (count > n || size > limit) {
			size -= len(kept[0]) + lineOverhead
			if kept[0][len(kept[0])-1] == '\n' {
				count--
			}
			kept = kept[1:]
		}
	}
	readers := make([]io.Reader, len(kept))
	for i := range kept {
		readers[i] = bytes.NewReader(kept[i])
	}
	return io.MultiReader(readers...), nil
}
