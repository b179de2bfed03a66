// Package gc works out which artifacts of a workflow are to be deleted, when, and by whom (AGC-01, AGC-02). Its functions are
// pure.
package gc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

const (
	// groupCount and groupBytes are how much one pod is given to delete: its list has to fit into an annotation.
	groupCount = 500
	groupBytes = 128 << 10
	// nameLength is how long the name of a pod may be.
	nameLength = 253
)

// Strategy is when an artifact is deleted: as it says itself, else as its workflow says, else never.
func Strategy(a *wfv1.Artifact, level *wfv1.WorkflowLevelArtifactGC) wfv1.ArtifactGCStrategy {
	if a.ArtifactGC != nil && a.ArtifactGC.Strategy != wfv1.ArtifactGCStrategyUndefined {
		return a.ArtifactGC.Strategy
	}
	if level != nil && level.Strategy != wfv1.ArtifactGCStrategyUndefined {
		return level.Strategy
	}
	return wfv1.ArtifactGCNever
}

func deletes(s wfv1.ArtifactGCStrategy) bool {
	return s == wfv1.ArtifactGCOnWorkflowCompletion || s == wfv1.ArtifactGCOnWorkflowDeletion
}

// Possible tells whether a workflow may leave artifacts that are to be deleted (AGC-04). stored are templates of other objects
// that it uses; logs tells that its logs are stored whatever its spec says.
func Possible(spec *wfv1.WorkflowSpec, stored map[string]wfv1.Template, logs bool) bool {
	level := spec.ArtifactGC
	all := level != nil && deletes(level.Strategy)
	if all && (logs || spec.ArchiveLogs != nil && *spec.ArchiveLogs) {
		return true
	}
	for i := range spec.Templates {
		if possible(&spec.Templates[i], level) {
			return true
		}
	}
	if d := spec.TemplateDefaults; d != nil && possible(d, level) {
		return true
	}
	for key := range stored {
		t := stored[key]
		if possible(&t, level) {
			return true
		}
	}
	return false
}

func possible(t *wfv1.Template, level *wfv1.WorkflowLevelArtifactGC) bool {
	if l := t.ArchiveLocation; l != nil && l.ArchiveLogs != nil && *l.ArchiveLogs && level != nil && deletes(level.Strategy) {
		return true
	}
	for i := range t.Outputs.Artifacts {
		if deletes(Strategy(&t.Outputs.Artifacts[i], level)) {
			return true
		}
	}
	for _, group := range t.Steps {
		for i := range group.Steps {
			if inline := group.Steps[i].Inline; inline != nil && possible(inline, level) {
				return true
			}
		}
	}
	return t.DAG != nil && slices.ContainsFunc(t.DAG.Tasks, func(task wfv1.DAGTask) bool {
		return task.Inline != nil && possible(task.Inline, level)
	})
}

// Group is what one pod deletes.
type Group struct {
	// Name of the pod, and of the object that it works for.
	Name string
	// ServiceAccountName and Metadata of the pod.
	ServiceAccountName string
	Metadata           *wfv1.Metadata
	// PodSpecPatch for the pod.
	PodSpecPatch string
	// Spec lists the artifacts, with their whole locations.
	Spec wfv1.ArtifactGCSpec
}

// Collect groups the artifacts of a workflow for which one of the strategies counts, and that were not deleted yet, by who is
// to delete them. Only those that pods have left are considered; an artifact that steps pass on is its producer's. header has
// the workflow's spec and status; nodes are its nodes. problems are artifacts whose place cannot be worked out.
func Collect(header *wfv1.Workflow, nodes []wfv1.NodeStatus, strategies ...wfv1.ArtifactGCStrategy) (groups []Group, problems []error) {
	spec := &header.Spec
	if stored := header.Status.StoredWorkflowSpec; stored != nil {
		spec = stored
	}
	var repository *wfv1.ArtifactRepository
	if ref := header.Status.ArtifactRepositoryRef; ref != nil {
		repository = ref.ArtifactRepository
	}
	type who struct{ account, metadata string }
	byWho := map[who][]*Group{}
	size := map[*Group]int{}
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b wfv1.NodeStatus) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	for i := range nodes {
		n := &nodes[i]
		if n.Type != wfv1.NodeTypePod || n.Outputs == nil {
			continue
		}
		for j := range n.Outputs.Artifacts {
			a := n.Outputs.Artifacts[j].DeepCopy()
			if a.Deleted || !slices.Contains(strategies, Strategy(a, spec.ArtifactGC)) {
				continue
			}
			if err := location.Relocate(a, repository, ""); err != nil {
				problems = append(problems, fmt.Errorf("artifact %s of node %s: %w", a.Name, n.ID, err))
				continue
			}
			account, metadata := executant(a.ArtifactGC, spec.ArtifactGC)
			text, err := json.Marshal(metadata)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			stripped := wfv1.Artifact{Name: a.Name, ArtifactLocation: a.ArtifactLocation}
			bytes, err := json.Marshal(&stripped)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			key := who{account, string(text)}
			list := byWho[key]
			var group *Group
			if len(list) > 0 {
				group = list[len(list)-1]
			}
			if group == nil || count(group) >= groupCount || size[group]+len(bytes) > groupBytes {
				group = &Group{ServiceAccountName: account, Metadata: metadata, Spec: wfv1.ArtifactGCSpec{ArtifactsByNode: map[string]wfv1.ArtifactNodeSpec{}}}
				if spec.ArtifactGC != nil {
					group.PodSpecPatch = spec.ArtifactGC.PodSpecPatch
				}
				byWho[key] = append(list, group)
			}
			size[group] += len(bytes)
			node, ok := group.Spec.ArtifactsByNode[n.ID]
			if !ok {
				node = wfv1.ArtifactNodeSpec{Artifacts: map[string]wfv1.Artifact{}}
			}
			node.Artifacts[a.Name] = stripped
			group.Spec.ArtifactsByNode[n.ID] = node
		}
	}
	phase := "wfcomp"
	if slices.Contains(strategies, wfv1.ArtifactGCOnWorkflowDeletion) {
		phase = "wfdel"
	}
	for _, key := range slices.SortedFunc(maps.Keys(byWho), func(a, b who) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.metadata, b.metadata))
	}) {
		for _, group := range byWho[key] {
			group.Name = name(header, phase, key.account, key.metadata, group)
			groups = append(groups, *group)
		}
	}
	return groups, problems
}

func count(g *Group) int {
	n := 0
	for _, node := range g.Spec.ArtifactsByNode {
		n += len(node.Artifacts)
	}
	return n
}

// executant is who deletes an artifact: as it says itself, else as its workflow says; metadata by key.
func executant(own *wfv1.ArtifactGC, level *wfv1.WorkflowLevelArtifactGC) (string, *wfv1.Metadata) {
	account := ""
	metadata := &wfv1.Metadata{Labels: map[string]string{}, Annotations: map[string]string{}}
	take := func(gc *wfv1.ArtifactGC) {
		if gc == nil {
			return
		}
		account = cmp.Or(gc.ServiceAccountName, account)
		if m := gc.PodMetadata; m != nil {
			maps.Copy(metadata.Labels, m.Labels)
			maps.Copy(metadata.Annotations, m.Annotations)
		}
	}
	if level != nil {
		take(&level.ArtifactGC)
	}
	take(own)
	if len(metadata.Labels)+len(metadata.Annotations) == 0 {
		return account, nil
	}
	return account, metadata
}

// name is the same each time that the same artifacts are collected, so that no list is recorded twice.
func name(wf *wfv1.Workflow, phase, account, metadata string, group *Group) string {
	h := fnv.New32a()
	for _, part := range []string{string(wf.UID), account, metadata} {
		h.Write([]byte(part))
	}
	for _, node := range slices.Sorted(maps.Keys(group.Spec.ArtifactsByNode)) {
		h.Write([]byte(node))
		for _, a := range slices.Sorted(maps.Keys(group.Spec.ArtifactsByNode[node].Artifacts)) {
			h.Write([]byte(a))
		}
	}
	if wf.Status.Retries > 0 {
		// A list of before a retry may still wait: what the retry leaves is another list, though of the same nodes.
		phase = fmt.Sprintf("%s-%d", phase, wf.Status.Retries)
	}
	end := fmt.Sprintf("-artgc-%s-%d", phase, h.Sum32())
	return wf.Name[:min(len(wf.Name), nameLength-len(end))] + end
}

// Item is one artifact of a list.
type Item struct {
	// Place of it among all artifacts of the list; it stays the same whatever becomes of the others.
	Place    int
	Node     string
	Artifact wfv1.Artifact
}

// All lists the artifacts of a task, deleted or not, in an order that does not change while its spec does not.
func All(task *wfv1.WorkflowArtifactGCTask) []Item {
	var items []Item
	for _, node := range slices.Sorted(maps.Keys(task.Spec.ArtifactsByNode)) {
		artifacts := task.Spec.ArtifactsByNode[node].Artifacts
		for _, name := range slices.Sorted(maps.Keys(artifacts)) {
			items = append(items, Item{Place: len(items), Node: node, Artifact: artifacts[name]})
		}
	}
	return items
}

// Deleted tells whether a task has an artifact of its list on record as deleted.
func Deleted(task *wfv1.WorkflowArtifactGCTask, i Item) bool {
	return task.Status.ArtifactResultsByNode[i.Node].ArtifactResults[i.Artifact.Name].Success
}

// Remaining lists the artifacts of a task that are still there, in the order of All.
func Remaining(task *wfv1.WorkflowArtifactGCTask) []Item {
	return slices.DeleteFunc(All(task), func(i Item) bool { return Deleted(task, i) })
}
