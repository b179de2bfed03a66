package artifactgc

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/gc"
	"fairlead.dev/fairlead/pkg/executor/remove"
)

// annotationPlaces of a pod are the places, among all artifacts of its task, of those that it was given, a JSON list. What is
// left of a task gets less as reports are taken in, so a report that was held against that could be about other artifacts.
const annotationPlaces = "fairlead.dev/artifact-places"

// noteGiven writes down in a pod which artifacts it is given.
func noteGiven(p *corev1.Pod, items []gc.Item) error {
	places := make([]int, len(items))
	for i := range items {
		places[i] = items[i].Place
	}
	text, err := json.Marshal(places)
	if err != nil {
		return err
	}
	p.Annotations[annotationPlaces] = string(text)
	return nil
}

// same tells whether a pod was given the artifact that a task names. A pod is also told how long to wait for an artifact driver,
// as the configuration has it, where the artifact does not say.
func same(named, given *wfv1.Artifact) bool {
	if named.Plugin != nil && given.Plugin != nil && named.Plugin.ConnectionTimeoutSeconds == 0 {
		plain := *given.Plugin
		plain.ConnectionTimeoutSeconds = 0
		copied := *given
		copied.Plugin = &plain
		given = &copied
	}
	return apiequality.Semantic.DeepEqual(named, given)
}

// givenTo lists the artifacts that a pod was given, in the order that its report counts by. The API is asked, for the informer
// keeps no annotations. false: they cannot be told, or are not what the task now says at their places.
func (c *Controller) givenTo(ctx context.Context, task *wfv1.WorkflowArtifactGCTask, p *corev1.Pod) ([]gc.Item, bool, error) {
	live, err := c.Pods.Pods(p.Namespace).Get(ctx, p.Name, metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	var places []int
	var list []wfv1.Artifact
	if live.UID != p.UID || json.Unmarshal([]byte(live.Annotations[annotationPlaces]), &places) != nil ||
		json.Unmarshal([]byte(live.Annotations[remove.Annotation]), &list) != nil || len(list) != len(places) || len(list) == 0 {
		return nil, false, nil
	}
	all := gc.All(task)
	given := make([]gc.Item, len(places))
	for i, place := range places {
		if place < 0 || place >= len(all) || !same(&all[place].Artifact, &list[i]) {
			return nil, false, nil
		}
		given[i] = all[place]
	}
	return given, true, nil
}
