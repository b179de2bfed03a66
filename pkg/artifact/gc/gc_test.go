package gc

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func made(name string, own *wfv1.ArtifactGC) wfv1.Artifact {
	return wfv1.Artifact{Name: name, ArtifactGC: own, ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: "k/" + name}}}
}

func on(strategy wfv1.ArtifactGCStrategy) *wfv1.ArtifactGC {
	return &wfv1.ArtifactGC{Strategy: strategy}
}

func workflow(level *wfv1.WorkflowLevelArtifactGC) *wfv1.Workflow {
	wf := &wfv1.Workflow{Spec: wfv1.WorkflowSpec{ArtifactGC: level}}
	wf.Name, wf.Namespace, wf.UID = "wf", "ns", types.UID("u")
	wf.Status.ArtifactRepositoryRef = &wfv1.ArtifactRepositoryRefStatus{
		ArtifactRepository: &wfv1.ArtifactRepository{S3: &wfv1.S3ArtifactRepository{S3Bucket: wfv1.S3Bucket{Endpoint: "e", Bucket: "b"}}},
	}
	return wf
}

func pod(id string, ordinal int64, artifacts ...wfv1.Artifact) wfv1.NodeStatus {
	return wfv1.NodeStatus{ID: id, Name: id, Type: wfv1.NodeTypePod, Ordinal: ordinal, Outputs: &wfv1.Outputs{Artifacts: artifacts}}
}

// AGC-01: the artifact beats the workflow, and nothing is deleted unless somebody says so.
func TestStrategy_AGC01(t *testing.T) {
	level := func(s wfv1.ArtifactGCStrategy) *wfv1.WorkflowLevelArtifactGC {
		return &wfv1.WorkflowLevelArtifactGC{ArtifactGC: *on(s)}
	}
	cases := []struct {
		own   *wfv1.ArtifactGC
		level *wfv1.WorkflowLevelArtifactGC
		want  wfv1.ArtifactGCStrategy
	}{
		{nil, nil, wfv1.ArtifactGCNever},
		{nil, level(wfv1.ArtifactGCOnWorkflowDeletion), wfv1.ArtifactGCOnWorkflowDeletion},
		{on(wfv1.ArtifactGCNever), level(wfv1.ArtifactGCOnWorkflowDeletion), wfv1.ArtifactGCNever},
		{on(wfv1.ArtifactGCOnWorkflowCompletion), nil, wfv1.ArtifactGCOnWorkflowCompletion},
		{&wfv1.ArtifactGC{ServiceAccountName: "x"}, level(wfv1.ArtifactGCOnWorkflowCompletion), wfv1.ArtifactGCOnWorkflowCompletion},
		{nil, &wfv1.WorkflowLevelArtifactGC{ForceFinalizerRemoval: true}, wfv1.ArtifactGCNever},
	}
	for i, c := range cases {
		a := made("a", c.own)
		if got := Strategy(&a, c.level); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
}

func TestPossible_AGC04(t *testing.T) {
	output := func(own *wfv1.ArtifactGC) wfv1.Template {
		return wfv1.Template{Name: "t", Outputs: wfv1.Outputs{Artifacts: wfv1.Artifacts{made("a", own)}}}
	}
	all := &wfv1.WorkflowLevelArtifactGC{ArtifactGC: *on(wfv1.ArtifactGCOnWorkflowDeletion)}
	inline := output(on(wfv1.ArtifactGCOnWorkflowCompletion))
	cases := map[string]struct {
		spec   wfv1.WorkflowSpec
		stored map[string]wfv1.Template
		logs   bool
		want   bool
	}{
		"nothing":                 {wfv1.WorkflowSpec{Templates: []wfv1.Template{output(nil)}}, nil, true, false},
		"the workflow's":          {wfv1.WorkflowSpec{ArtifactGC: all, Templates: []wfv1.Template{output(nil)}}, nil, false, true},
		"no outputs":              {wfv1.WorkflowSpec{ArtifactGC: all, Templates: []wfv1.Template{{Name: "t"}}}, nil, false, false},
		"logs are artifacts":      {wfv1.WorkflowSpec{ArtifactGC: all, Templates: []wfv1.Template{{Name: "t"}}}, nil, true, true},
		"all kept by themselves":  {wfv1.WorkflowSpec{ArtifactGC: all, Templates: []wfv1.Template{output(on(wfv1.ArtifactGCNever))}}, nil, false, false},
		"one's own":               {wfv1.WorkflowSpec{Templates: []wfv1.Template{output(on(wfv1.ArtifactGCOnWorkflowCompletion))}}, nil, false, true},
		"of a referenced one":     {wfv1.WorkflowSpec{}, map[string]wfv1.Template{"x": output(on(wfv1.ArtifactGCOnWorkflowCompletion))}, false, true},
		"of one written in place": {wfv1.WorkflowSpec{Templates: []wfv1.Template{{DAG: &wfv1.DAGTemplate{Tasks: []wfv1.DAGTask{{Inline: &inline}}}}}}, nil, false, true},
	}
	for name, c := range cases {
		if got := Possible(&c.spec, c.stored, c.logs); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCollect_AGC02(t *testing.T) {
	level := &wfv1.WorkflowLevelArtifactGC{
		ArtifactGC:   wfv1.ArtifactGC{Strategy: wfv1.ArtifactGCOnWorkflowDeletion, ServiceAccountName: "of-wf", PodMetadata: &wfv1.Metadata{Labels: map[string]string{"a": "1", "b": "1"}}},
		PodSpecPatch: "patch",
	}
	gone := made("gone", nil)
	gone.Deleted = true
	steps := pod("steps", 0, made("passed-on", nil))
	steps.Type = wfv1.NodeTypeSteps
	nodes := []wfv1.NodeStatus{
		steps,
		pod("n1", 1, made("x", nil), gone, made("kept", on(wfv1.ArtifactGCNever)), made("early", on(wfv1.ArtifactGCOnWorkflowCompletion))),
		pod("n2", 2, made("x", nil), made("other", &wfv1.ArtifactGC{ServiceAccountName: "own", PodMetadata: &wfv1.Metadata{Labels: map[string]string{"b": "2"}}})),
		{ID: "n3", Type: wfv1.NodeTypePod},
	}
	wf := workflow(level)
	groups, problems := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowDeletion)
	if len(problems) > 0 || len(groups) != 2 {
		t.Fatalf("%v %+v", problems, groups)
	}
	first, second := groups[0], groups[1]
	if first.ServiceAccountName != "of-wf" || len(first.Spec.ArtifactsByNode) != 2 || count(&first) != 2 || first.PodSpecPatch != "patch" || first.Metadata.Labels["b"] != "1" ||
		second.ServiceAccountName != "own" || count(&second) != 1 || second.Metadata.Labels["a"] != "1" || second.Metadata.Labels["b"] != "2" {
		t.Errorf("%+v\n%+v", first, second)
	}
	x := first.Spec.ArtifactsByNode["n1"].Artifacts["x"]
	if x.S3.Bucket != "b" || x.S3.Endpoint != "e" || x.S3.Key != "k/x" {
		t.Errorf("not the whole location: %+v", x.S3)
	}
	if !strings.HasPrefix(first.Name, "wf-artgc-wfdel-") || first.Name == second.Name {
		t.Errorf("names %s, %s", first.Name, second.Name)
	}
	again, _ := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowDeletion)
	if again[0].Name != first.Name {
		t.Error("the name is not the same each time")
	}
	wf.Status.Retries = 2
	retried, _ := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowDeletion)
	if retried[0].Name == first.Name || !strings.HasPrefix(retried[0].Name, "wf-artgc-wfdel-2-") {
		t.Errorf("after a retry the name is %s, and it was %s", retried[0].Name, first.Name)
	}
	wf.Status.Retries = 0
	early, _ := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowCompletion)
	if len(early) != 1 || count(&early[0]) != 1 || !strings.HasPrefix(early[0].Name, "wf-artgc-wfcomp-") {
		t.Errorf("%+v", early)
	}
	both, _ := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowCompletion, wfv1.ArtifactGCOnWorkflowDeletion)
	if total := count(&both[0]) + count(&both[1]); total != 4 {
		t.Errorf("%d of both kinds", total)
	}

	wf.Status.ArtifactRepositoryRef = nil
	if groups, problems := Collect(wf, nodes, wfv1.ArtifactGCOnWorkflowDeletion); len(groups) != 0 || len(problems) != 3 || !strings.Contains(problems[0].Error(), "artifact x of node n1: ") {
		t.Errorf("%v %v", groups, problems)
	}

	// One pod's list has to fit into an annotation.
	var many []wfv1.NodeStatus
	for i := range 1200 {
		many = append(many, pod(fmt.Sprintf("wf-%d", i), int64(i), made("x", nil)))
	}
	groups, _ = Collect(workflow(level), many, wfv1.ArtifactGCOnWorkflowDeletion)
	total, names := 0, map[string]bool{}
	for i := range groups {
		total += count(&groups[i])
		names[groups[i].Name] = true
	}
	if total != 1200 || len(groups) < 3 || len(names) != len(groups) {
		t.Errorf("%d artifacts in %d groups with %d names", total, len(groups), len(names))
	}
}

func TestRemaining(t *testing.T) {
	task := &wfv1.WorkflowArtifactGCTask{Spec: wfv1.ArtifactGCSpec{ArtifactsByNode: map[string]wfv1.ArtifactNodeSpec{
		"b": {Artifacts: map[string]wfv1.Artifact{"y": made("y", nil), "x": made("x", nil)}}, "a": {Artifacts: map[string]wfv1.Artifact{"z": made("z", nil)}},
	}}}
	task.Status.ArtifactResultsByNode = map[string]wfv1.ArtifactResultNodeStatus{"b": {ArtifactResults: map[string]wfv1.ArtifactResult{"x": {Success: true}, "y": {}}}}
	got := ""
	for _, i := range Remaining(task) {
		got += fmt.Sprint(i.Place, i.Node, ".", i.Artifact.Name, " ")
	}
	if got != "0a.z 2b.y " {
		t.Error(got)
	}
}
