package v1alpha1

import "strings"

// ArtifactRepository tells where artifacts without a location of their own are stored, and whence those that give only a
// key take the rest. One driver is set.
type ArtifactRepository struct {
	// Saves the log of every main container, whatever workflows and templates say. Default: false.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`
	// Bucket of S3 or of a store that speaks its protocol.
	// +optional
	S3 *S3ArtifactRepository `json:"s3,omitempty"`
	// JFrog Artifactory.
	// +optional
	Artifactory *ArtifactoryArtifactRepository `json:"artifactory,omitempty"`
	// HDFS cluster.
	// +optional
	HDFS *HDFSArtifactRepository `json:"hdfs,omitempty"`
	// Bucket of Alibaba Cloud OSS.
	// +optional
	OSS *OSSArtifactRepository `json:"oss,omitempty"`
	// Bucket of Google Cloud Storage.
	// +optional
	GCS *GCSArtifactRepository `json:"gcs,omitempty"`
	// Container of Azure Blob Storage.
	// +optional
	Azure *AzureArtifactRepository `json:"azure,omitempty"`
	// Installed artifact driver.
	// +optional
	Plugin *PluginArtifactRepository `json:"plugin,omitempty"`
}

// S3ArtifactRepository is a bucket for artifacts.
type S3ArtifactRepository struct {
	// The bucket.
	S3Bucket `json:",inline"`

	// Format of generated keys; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
	// Prefix before the default key format. Deprecated: `keyFormat` says the same and more.
	// +optional
	KeyPrefix string `json:"keyPrefix,omitempty"`
}

// ArtifactoryArtifactRepository is a repository of JFrog Artifactory for artifacts.
type ArtifactoryArtifactRepository struct {
	// The login.
	ArtifactoryAuth `json:",inline"`

	// URL of the repository.
	// +optional
	RepoURL string `json:"repoURL,omitempty"`
	// Format of generated keys; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// HDFSArtifactRepository is an HDFS cluster for artifacts.
type HDFSArtifactRepository struct {
	// The cluster.
	HDFSConfig `json:",inline"`

	// Format of generated paths; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	PathFormat string `json:"pathFormat,omitempty"`
	// Overwrite what is there when an output is saved. Default: false, which makes it an error.
	// +optional
	Force bool `json:"force,omitempty"`
}

// OSSArtifactRepository is a bucket of Alibaba Cloud OSS for artifacts.
type OSSArtifactRepository struct {
	// The bucket.
	OSSBucket `json:",inline"`

	// Format of generated keys; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// GCSArtifactRepository is a bucket of Google Cloud Storage for artifacts.
type GCSArtifactRepository struct {
	// The bucket.
	GCSBucket `json:",inline"`

	// Format of generated keys; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// AzureArtifactRepository is a container of Azure Blob Storage for artifacts.
type AzureArtifactRepository struct {
	// The container.
	AzureBlobContainer `json:",inline"`

	// Format of generated blob names; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	BlobNameFormat string `json:"blobNameFormat,omitempty"`
}

// PluginArtifactRepository keeps artifacts with an installed artifact driver.
type PluginArtifactRepository struct {
	// Name of the driver.
	Name ArtifactPluginName `json:"name"`
	// Format of generated keys; may use workflow and pod variables. Default: `{{workflow.name}}/{{pod.name}}`.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
	// Text that is handed to the driver unread.
	Configuration string `json:"configuration"`
}

// ArtifactRepositoryRef names an artifact repository that is described in a ConfigMap.
type ArtifactRepositoryRef struct {
	// Name of the ConfigMap, looked for in the workflow's namespace and then in the controller's. Default:
	// `artifact-repositories`.
	// +optional
	ConfigMap string `json:"configMap,omitempty"`
	// Key in the ConfigMap. Default: the value of its annotation `workflows.argoproj.io/default-artifact-repository`.
	// +optional
	Key string `json:"key,omitempty"`
}

// ArtifactRepositoryRefStatus is the artifact repository that a workflow was found to use.
type ArtifactRepositoryRefStatus struct {
	// The reference that led to it.
	ArtifactRepositoryRef `json:",inline"`

	// Namespace of the ConfigMap.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// It is the controller's own default repository, not one from a ConfigMap.
	// +optional
	Default bool `json:"default,omitempty"`
	// The repository as it was when the workflow started; later changes do not reach the run.
	// +optional
	ArtifactRepository *ArtifactRepository `json:"artifactRepository,omitempty"`
}

// DefaultKeyFormat is how keys of artifacts begin when neither artifact nor repository says it.
const DefaultKeyFormat = "{{workflow.name}}/{{pod.name}}"

// GetKeyFormat returns how the keys of artifacts begin that are stored here without a key of their own, with its variables.
func (r *ArtifactRepository) GetKeyFormat() string {
	format := ""
	switch {
	case r == nil:
	case r.S3 != nil:
		format = r.S3.KeyFormat
		if prefix := r.S3.KeyPrefix; format == "" && prefix != "" {
			format = strings.TrimSuffix(prefix, "/") + "/" + DefaultKeyFormat
		}
	case r.Artifactory != nil:
		format = r.Artifactory.KeyFormat
	case r.HDFS != nil:
		format = r.HDFS.PathFormat
	case r.OSS != nil:
		format = r.OSS.KeyFormat
	case r.GCS != nil:
		format = r.GCS.KeyFormat
	case r.Azure != nil:
		format = r.Azure.BlobNameFormat
	case r.Plugin != nil:
		format = r.Plugin.KeyFormat
	}
	if format == "" {
		return DefaultKeyFormat
	}
	return format
}
