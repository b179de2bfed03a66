package engine

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// A pod reports with a token that the user's code in it can read. Locations that it names would later be used by the server
// and the garbage collector, with their rights: what is taken over is what the template lets the pod decide, which is values
// and whether an artifact is there. Everything else comes from the declaration.

// believe gives what may be taken over of the outputs that a pod reports, and the names of what may not.
func (r *Run) believe(e *entry, said *v1alpha1.Outputs) (out *v1alpha1.Outputs, refused []string) {
	out = &v1alpha1.Outputs{Result: said.Result, ExitCode: said.ExitCode}
	leaf := r.leafOf(e)
	if leaf == nil { // nobody waits for this pod any more
		leaf = &v1alpha1.Template{}
	}
	for i := range leaf.Outputs.Parameters {
		if p := said.GetParameterByName(leaf.Outputs.Parameters[i].Name); p != nil {
			admitted := leaf.Outputs.Parameters[i].DeepCopy()
			admitted.Value = p.Value
			out.Parameters = append(out.Parameters, *admitted)
		}
	}
	for i := range said.Parameters {
		if name := said.Parameters[i].Name; out.GetParameterByName(name) == nil {
			refused = append(refused, "parameter "+quoted(name))
		}
	}
	if len(said.Artifacts) > 0 {
		out.Artifacts = r.believeArtifacts(e, leaf, said.Artifacts)
	}
	for i := range said.Artifacts {
		if name := said.Artifacts[i].Name; out.Artifacts.GetArtifactByName(name) == nil {
			refused = append(refused, "artifact "+quoted(name))
		}
	}
	return out, refused
}

// believeArtifacts gives those of the artifacts that a pod reports which are declared, or are its logs, and are reported where
// the pod was told to store them.
func (r *Run) believeArtifacts(e *entry, leaf *v1alpha1.Template, said v1alpha1.Artifacts) (admitted v1alpha1.Artifacts) {
	if e.call == nil {
		return nil
	}
	t, err := r.resolve(e.call.ref, e.call.in)
	if err != nil {
		return nil
	}
	logs := r.archivesLogs(leaf)
	prefix, err := r.artifactPrefix(e, t, logs)
	if err != nil {
		return nil
	}
	where, ok := placementOf(leaf.ArchiveLocation, r.artifactRepository(), prefix)
	if !ok {
		return nil
	}
	take := func(declared *v1alpha1.Artifact, fileName string) {
		found := said.GetArtifactByName(declared.Name)
		if found == nil || admitted.GetArtifactByName(declared.Name) != nil {
			return
		}
		if at, ok := where.reported(&declared.ArtifactLocation, fileName); ok && sameLocation(at, &found.ArtifactLocation) {
			a := declared.DeepCopy()
			a.ArtifactLocation = *at
			admitted = append(admitted, *a)
		}
	}
	for i := range leaf.Outputs.Artifacts {
		take(&leaf.Outputs.Artifacts[i], outputFileName(&leaf.Outputs.Artifacts[i]))
	}
	if logs {
		for _, container := range mainsOf(leaf) {
			take(&v1alpha1.Artifact{Name: container + "-logs"}, container+".log")
		}
	}
	return admitted
}

func sameLocation(a, b *v1alpha1.ArtifactLocation) bool {
	a, b = a.DeepCopy(), b.DeepCopy()
	a.ArchiveLogs, b.ArchiveLogs = nil, nil // says nothing about a place
	return equality.Semantic.DeepEqual(a, b)
}

// mainsOf names the containers whose logs are stored (ART-13).
func mainsOf(t *v1alpha1.Template) []string {
	switch {
	case t.Container != nil, t.Script != nil, t.Resource != nil, t.Data != nil:
		return []string{"main"}
	case t.ContainerSet != nil:
		var names []string
		for i := range t.ContainerSet.Containers {
			names = append(names, t.ContainerSet.Containers[i].Name)
		}
		return names
	}
	return nil
}

// quoted keeps a name that somebody made up to a length fit for a message.
func quoted(name string) string { return fmt.Sprintf("'%.63s'", name) }

// refusal is the message about outputs that were not taken over. The list is cut: a forger may have sent thousands.
func refusal(refused []string) string {
	const most = 5
	more := ""
	if len(refused) > most {
		refused, more = refused[:most], fmt.Sprintf(" and %d more", len(refused)-most)
	}
	return "the pod reported outputs that its template does not declare, or at another place than declared; they are ignored: " +
		strings.Join(refused, ", ") + more
}
