package location

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// ErrNoRepository is in the chain of errors about artifacts that need an artifact repository where there is none.
var ErrNoRepository = errors.New("you need to configure artifact storage: give the artifact a whole location (s3, gcs, ...), " +
	"the template an archiveLocation, or the cluster an artifact repository (spec.artifactRepositoryRef, ConfigMap artifact-repositories)")

// Complete tells whether a location can be used as it is: nothing has to come from a repository.
func Complete(l *wfv1.ArtifactLocation) bool {
	switch artifact.KindOf(l) {
	case artifact.KindS3:
		return l.S3.Endpoint != "" && l.S3.Bucket != "" && l.S3.Key != ""
	case artifact.KindGCS:
		return l.GCS.Bucket != "" && l.GCS.Key != ""
	case artifact.KindOSS:
		return l.OSS.Endpoint != "" && l.OSS.Bucket != "" && l.OSS.Key != ""
	case artifact.KindAzure:
		return l.Azure.Endpoint != "" && l.Azure.ContainerName != "" && l.Azure.Blob != ""
	case artifact.KindHDFS:
		return len(l.HDFS.Addresses) > 0 && l.HDFS.Path != ""
	case artifact.KindPlugin:
		return l.Plugin.Name != "" && l.Plugin.Key != ""
	case artifact.KindHTTP:
		return l.HTTP.URL != ""
	case artifact.KindArtifactory:
		return l.Artifactory.URL != ""
	case artifact.KindGit:
		return l.Git.Repo != ""
	case artifact.KindRaw:
		return true
	}
	return false
}

// OfRepository is the location of a key in a repository. The key of an Artifactory repository is below its URL. nil: there
// is no repository.
func OfRepository(repo *wfv1.ArtifactRepository, key string) (*wfv1.ArtifactLocation, error) {
	switch {
	case repo == nil:
		return nil, nil
	case repo.S3 != nil:
		return &wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{S3Bucket: *repo.S3.S3Bucket.DeepCopy(), Key: key}}, nil
	case repo.GCS != nil:
		return &wfv1.ArtifactLocation{GCS: &wfv1.GCSArtifact{GCSBucket: *repo.GCS.GCSBucket.DeepCopy(), Key: key}}, nil
	case repo.OSS != nil:
		return &wfv1.ArtifactLocation{OSS: &wfv1.OSSArtifact{OSSBucket: *repo.OSS.OSSBucket.DeepCopy(), Key: key}}, nil
	case repo.Azure != nil:
		return &wfv1.ArtifactLocation{Azure: &wfv1.AzureArtifact{AzureBlobContainer: *repo.Azure.AzureBlobContainer.DeepCopy(), Blob: key}}, nil
	case repo.HDFS != nil:
		return &wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{HDFSConfig: *repo.HDFS.HDFSConfig.DeepCopy(), Path: key, Force: repo.HDFS.Force}}, nil
	case repo.Plugin != nil:
		return &wfv1.ArtifactLocation{Plugin: &wfv1.PluginArtifact{Name: repo.Plugin.Name, Configuration: repo.Plugin.Configuration, Key: key}}, nil
	case repo.Artifactory != nil:
		address, err := url.JoinPath(repo.Artifactory.RepoURL, key)
		if err != nil {
			return nil, fmt.Errorf("repoURL of the artifact repository: %w", err)
		}
		return &wfv1.ArtifactLocation{Artifactory: &wfv1.ArtifactoryArtifact{URL: address, ArtifactoryAuth: *repo.Artifactory.ArtifactoryAuth.DeepCopy()}}, nil
	}
	return nil, nil
}

// Relocate gives an artifact its whole location: one that lacks it, or has only a key, takes the rest from the repository
// (ART-08). defaultKey is the key of an artifact that has none; when it is empty, an artifact has to have one.
func Relocate(a *wfv1.Artifact, repo *wfv1.ArtifactRepository, defaultKey string) error {
	base, err := OfRepository(repo, "")
	if err != nil {
		return err
	}
	return RelocateTo(a, base, defaultKey)
}

// RelocateTo is Relocate with the location of the repository, or with a template's archiveLocation. nil: there is none.
func RelocateTo(a *wfv1.Artifact, base *wfv1.ArtifactLocation, defaultKey string) error {
	l := &a.ArtifactLocation
	if Complete(l) {
		return nil
	}
	key, _ := KeyOf(l)
	if key == "" {
		key = defaultKey
	}
	if key == "" {
		return fmt.Errorf("artifact %s has neither a location nor a key", a.Name)
	}
	if base != nil && artifact.KindOf(base) != artifact.KindOf(l) {
		// One that names its store and lacks only the key stays with its store.
		own := l.DeepCopy()
		if artifact.KindOf(own) != "" && recordable(own) && SetKey(own, key) == nil && Complete(own) {
			*l = *own
			return nil
		}
		if artifact.KindOf(base) == artifact.KindArtifactory {
			address, err := belowURL(base.Artifactory.URL, key)
			if err != nil {
				return err
			}
			key = urlPath(address)
		}
		*l = *base.DeepCopy()
		l.ArchiveLogs = nil
		return SetKey(l, key)
	}
	if artifact.KindOf(l) != "" {
		if err := SetKey(l, key); err != nil {
			return err
		}
	}
	if base != nil {
		fill(l, base)
	}
	if !Complete(l) {
		return fmt.Errorf("artifact %s: %w", a.Name, ErrNoRepository)
	}
	return nil
}

// belowURL is the address of a key in a repository; a key that has the repository's path already is left as it is.
func belowURL(repository, key string) (string, error) {
	if root := urlPath(repository); root != "" && root != "/" && strings.HasPrefix("/"+strings.TrimPrefix(key, "/"), root) {
		return withPath(repository, key)
	}
	return url.JoinPath(repository, key)
}

// fill takes from another location of the same kind what one lacks. Credentials come along only with the store that they
// are for.
func fill(l, base *wfv1.ArtifactLocation) {
	base = base.DeepCopy()
	switch artifact.KindOf(l) {
	case artifact.KindS3:
		fillS3(&l.S3.S3Bucket, &base.S3.S3Bucket)
	case artifact.KindGCS:
		if l.GCS.Bucket == "" {
			l.GCS.Bucket = base.GCS.Bucket
		}
		if l.GCS.ServiceAccountKeySecret == nil {
			l.GCS.ServiceAccountKeySecret = base.GCS.ServiceAccountKeySecret
		}
	case artifact.KindOSS:
		fillOSS(&l.OSS.OSSBucket, &base.OSS.OSSBucket)
	case artifact.KindAzure:
		if l.Azure.Endpoint == "" || l.Azure.Endpoint == base.Azure.Endpoint {
			own := l.Azure.ContainerName
			l.Azure.AzureBlobContainer = base.Azure.AzureBlobContainer
			if own != "" {
				l.Azure.ContainerName = own
			}
		}
	case artifact.KindHDFS:
		if len(l.HDFS.Addresses) == 0 {
			l.HDFS.HDFSConfig = base.HDFS.HDFSConfig
		}
		l.HDFS.Force = l.HDFS.Force || base.HDFS.Force
	case artifact.KindPlugin:
		if l.Plugin.Name == "" || l.Plugin.Name == base.Plugin.Name {
			l.Plugin.Name = base.Plugin.Name
			if l.Plugin.Configuration == "" {
				l.Plugin.Configuration = base.Plugin.Configuration
			}
		}
	}
}

func fillS3(own, base *wfv1.S3Bucket) {
	if own.Endpoint != "" && own.Endpoint != base.Endpoint {
		return
	}
	given := *own
	*own = *base
	if given.Bucket != "" {
		own.Bucket = given.Bucket
	}
	if given.Region != "" {
		own.Region = given.Region
	}
	if given.Insecure != nil {
		own.Insecure = given.Insecure
	}
	if given.AccessKeySecret != nil || given.UseSDKCreds || given.RoleARN != "" {
		own.AccessKeySecret, own.SecretKeySecret, own.SessionTokenSecret = given.AccessKeySecret, given.SecretKeySecret, given.SessionTokenSecret
		own.UseSDKCreds, own.RoleARN = given.UseSDKCreds, given.RoleARN
	}
	if given.CreateBucketIfNotPresent != nil {
		own.CreateBucketIfNotPresent = given.CreateBucketIfNotPresent
	}
	if given.EncryptionOptions != nil {
		own.EncryptionOptions = given.EncryptionOptions
	}
	if given.CASecret != nil {
		own.CASecret = given.CASecret
	}
	if given.AddressingStyle != "" {
		own.AddressingStyle = given.AddressingStyle
	}
}

func fillOSS(own, base *wfv1.OSSBucket) {
	if own.Endpoint != "" && own.Endpoint != base.Endpoint {
		return
	}
	given := *own
	*own = *base
	if given.Bucket != "" {
		own.Bucket = given.Bucket
	}
	if given.AccessKeySecret != nil || given.UseSDKCreds {
		own.AccessKeySecret, own.SecretKeySecret = given.AccessKeySecret, given.SecretKeySecret
		own.SecurityToken, own.UseSDKCreds = given.SecurityToken, given.UseSDKCreds
	}
	if given.LifecycleRule != nil {
		own.LifecycleRule = given.LifecycleRule
	}
	own.CreateBucketIfNotPresent = own.CreateBucketIfNotPresent || given.CreateBucketIfNotPresent
}
