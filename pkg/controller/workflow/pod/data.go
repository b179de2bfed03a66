package pod

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/location"
)

// anyKey stands for no key while the rest of a location is completed: all objects of a bucket may be asked for.
const anyKey = "/"

// dataContainer is main of a data template (TPL-11): a program of ours that lists what is at a place.
func dataContainer(in Input) (corev1.Container, error) {
	source, err := dataSource(in)
	if err != nil {
		return corev1.Container{}, fmt.Errorf("%s: data.source.artifactPaths: %w", templateName(in.Template), err)
	}
	t := *in.Template
	data := *t.Data
	data.Source.ArtifactPaths = &wfv1.ArtifactPaths{Artifact: *source}
	t.Data = &data
	c, err := ownMain(in, &t)
	c.Command = []string{cloudExecutorPath, "data"}
	return c, err
}

// dataSource is the place that a data template lists, with all that the artifact repository gives (ART-08).
func dataSource(in Input) (*wfv1.Artifact, error) {
	if in.Template.Data.Source.ArtifactPaths == nil {
		return nil, errors.New("is not set, and there is no other source")
	}
	a := in.Template.Data.Source.ArtifactPaths.DeepCopy().Artifact
	key, _ := location.KeyOf(&a.ArtifactLocation)
	if err := location.Relocate(&a, in.Repository, anyKey); err != nil {
		return nil, err
	}
	if err := in.Settings.configureDrivers([]*wfv1.ArtifactLocation{&a.ArtifactLocation}); err != nil {
		return nil, err
	}
	if key == "" && location.Complete(&a.ArtifactLocation) {
		if found, _ := location.KeyOf(&a.ArtifactLocation); found == anyKey {
			return &a, location.SetKey(&a.ArtifactLocation, "")
		}
	}
	return &a, nil
}
