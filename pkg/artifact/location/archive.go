package location

import (
	"fmt"
	"strings"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// Archive is where the outputs of one pod go that do not say it themselves.
type Archive struct {
	// Location of the pod's outputs: its key is what their keys begin with. nil: there is neither archiveLocation nor
	// repository.
	Location *wfv1.ArtifactLocation
	// Prefix is what keys begin with.
	Prefix string
	// Own: the template's archiveLocation names a store of its own. Whoever reads the artifacts later does not know it, so
	// their whole location is recorded; of those in the repository only the key is.
	Own bool
}

// ArchiveOf joins the archiveLocation of a template with the repository (ART-10). prefix is the key format of the repository
// with its values put in.
func ArchiveOf(template *wfv1.ArtifactLocation, repo *wfv1.ArtifactRepository, prefix string) (Archive, error) {
	base, err := OfRepository(repo, prefix)
	if err != nil {
		return Archive{}, err
	}
	kind := artifact.KindOf(template)
	if kind == "" {
		if base == nil {
			return Archive{}, nil
		}
		key, _ := KeyOf(base)
		return Archive{Location: base, Prefix: key}, nil
	}
	own := template.DeepCopy()
	own.ArchiveLogs = nil
	key, ok := KeyOf(own)
	if !ok {
		return Archive{}, fmt.Errorf("archiveLocation: nothing can be stored in a %s location", kind)
	}
	if key == "" {
		key = prefix
	}
	ownStore := !keyOnly(own)
	whole := wfv1.Artifact{Name: "archiveLocation", ArtifactLocation: *own}
	if err := RelocateTo(&whole, base, key); err != nil {
		return Archive{}, err
	}
	return Archive{Location: &whole.ArtifactLocation, Prefix: key, Own: ownStore}, nil
}

// keyOnly tells whether a location says nothing but a key.
func keyOnly(l *wfv1.ArtifactLocation) bool {
	switch artifact.KindOf(l) {
	case artifact.KindS3:
		return l.S3.Endpoint == "" && l.S3.Bucket == ""
	case artifact.KindGCS:
		return l.GCS.Bucket == ""
	case artifact.KindOSS:
		return l.OSS.Endpoint == "" && l.OSS.Bucket == ""
	case artifact.KindAzure:
		return l.Azure.Endpoint == "" && l.Azure.ContainerName == ""
	case artifact.KindHDFS:
		return len(l.HDFS.Addresses) == 0
	case artifact.KindPlugin:
		return l.Plugin.Name == ""
	}
	return false
}

// Place gives an output its whole location, in stored, and the form in which it is reported: what the repository gives is
// left out there (ART-08, ART-09).
func (r Archive) Place(declared *wfv1.Artifact, fileName string) (stored, reported *wfv1.Artifact, err error) {
	stored, reported = declared.DeepCopy(), declared.DeepCopy()
	key := ""
	if r.Location != nil {
		key = strings.TrimSuffix(r.Prefix, "/") + "/" + fileName
		if r.Prefix == "" {
			key = fileName
		}
	}
	if Complete(&declared.ArtifactLocation) {
		return stored, reported, nil
	}
	if key == "" && artifact.KindOf(&declared.ArtifactLocation) == "" {
		return nil, nil, fmt.Errorf("artifact %s: %w", declared.Name, ErrNoRepository)
	}
	if err := RelocateTo(stored, r.Location, key); err != nil {
		return nil, nil, err
	}
	if r.Own || !recordable(&stored.ArtifactLocation) {
		reported.ArtifactLocation = *stored.ArtifactLocation.DeepCopy()
		return stored, reported, nil
	}
	used, _ := KeyOf(&stored.ArtifactLocation)
	if artifact.KindOf(&declared.ArtifactLocation) != artifact.KindOf(&stored.ArtifactLocation) {
		reported.ArtifactLocation = emptyOf(artifact.KindOf(&stored.ArtifactLocation))
	}
	return stored, reported, SetKey(&reported.ArtifactLocation, used)
}

// recordable tells whether a key alone says where an artifact of this kind is in its repository.
func recordable(l *wfv1.ArtifactLocation) bool {
	return artifact.KindOf(l) != artifact.KindArtifactory && artifact.KindOf(l) != artifact.KindHTTP
}

func emptyOf(kind artifact.Kind) wfv1.ArtifactLocation {
	switch kind {
	case artifact.KindS3:
		return wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{}}
	case artifact.KindGCS:
		return wfv1.ArtifactLocation{GCS: &wfv1.GCSArtifact{}}
	case artifact.KindOSS:
		return wfv1.ArtifactLocation{OSS: &wfv1.OSSArtifact{}}
	case artifact.KindAzure:
		return wfv1.ArtifactLocation{Azure: &wfv1.AzureArtifact{}}
	case artifact.KindHDFS:
		return wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{}}
	case artifact.KindPlugin:
		return wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{}}
	}
	return wfv1.ArtifactLocation{}
}
