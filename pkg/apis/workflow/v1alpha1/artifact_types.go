package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Artifacts is a list of artifacts whose names differ.
type Artifacts []Artifact

// GetArtifactByName returns the artifact of that name, or nil. The result points into the list.
func (a Artifacts) GetArtifactByName(name string) *Artifact {
	for i := range a {
		if a[i].Name == name {
			return &a[i]
		}
	}
	return nil
}

// Artifact is a file or directory that a step reads or leaves behind. Where its bytes are is told by one of the location
// fields (`s3`, `gcs`, `http`, ...); without one, an output goes to the artifact repository under a generated key.
type Artifact struct {
	// Name of the artifact, unique among the inputs or outputs of its template.
	Name string `json:"name"`
	// Path of the file or directory in the `main` container: where an input is put, or what an output is read from.
	// +optional
	Path string `json:"path,omitempty"`
	// Permission bits given to an input file, as a number between 0 and 0777 (511 in decimal). Default: as unpacked.
	// +optional
	Mode *int32 `json:"mode,omitempty"`
	// Reference to another artifact, such as `{{steps.build.outputs.artifacts.binary}}`, in the arguments of a step or task
	// and in the outputs of a steps or dag template. Excludes `fromExpression`.
	// +optional
	From string `json:"from,omitempty"`

	// Where the bytes are.
	ArtifactLocation `json:",inline"`

	// Publishes an output under this name for the whole workflow, readable as `{{workflow.outputs.artifacts.<name>}}`.
	// +optional
	GlobalName string `json:"globalName,omitempty"`
	// How an output is packed when it is saved. Default: a gzipped tar.
	// +optional
	Archive *ArchiveStrategy `json:"archive,omitempty"`
	// A missing artifact is not an error. Default: false.
	// +optional
	Optional bool `json:"optional,omitempty"`
	// Path below the artifact taken with `from`: only that file or subdirectory is used.
	// +optional
	SubPath string `json:"subPath,omitempty"`
	// Applies `mode` to everything below a directory as well. Default: false.
	// +optional
	RecurseMode bool `json:"recurseMode,omitempty"`
	// Expression whose value is an artifact, such as `tasks.flip.outputs.result == 'heads' ? tasks.a.outputs.artifacts.x :
	// tasks.b.outputs.artifacts.x`. Excludes `from`.
	// +optional
	FromExpression string `json:"fromExpression,omitempty"`
	// When and by whom this output is deleted from its storage; takes precedence over the workflow's `artifactGC`.
	// +optional
	ArtifactGC *ArtifactGC `json:"artifactGC,omitempty"`
	// The bytes were deleted by artifact garbage collection. Set by the controller in `status`.
	// +optional
	Deleted bool `json:"deleted,omitempty"`
}

// ArtifactPaths names the place in an artifact repository whose object keys a data template lists.
type ArtifactPaths struct {
	// The place to list: a location whose key is the common prefix of the objects.
	Artifact `json:",inline"`
}

// ArtifactLocation tells where an artifact's bytes are. At most one of the drivers is set.
type ArtifactLocation struct {
	// Saves the log of each main container as an artifact named `<container>-logs`. Meaningful in a template's
	// `archiveLocation`. Default: the workflow's `archiveLogs`.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`
	// Object in S3 or in a store that speaks its protocol.
	// +optional
	S3 *S3Artifact `json:"s3,omitempty"`
	// Git repository to clone. Inputs only.
	// +optional
	Git *GitArtifact `json:"git,omitempty"`
	// Resource that is read with GET and written with PUT.
	// +optional
	HTTP *HTTPArtifact `json:"http,omitempty"`
	// File in JFrog Artifactory.
	// +optional
	Artifactory *ArtifactoryArtifact `json:"artifactory,omitempty"`
	// File or directory in HDFS.
	// +optional
	HDFS *HDFSArtifact `json:"hdfs,omitempty"`
	// The content itself, written in the manifest. Inputs only.
	// +optional
	Raw *RawArtifact `json:"raw,omitempty"`
	// Object in Alibaba Cloud OSS.
	// +optional
	OSS *OSSArtifact `json:"oss,omitempty"`
	// Object in Google Cloud Storage.
	// +optional
	GCS *GCSArtifact `json:"gcs,omitempty"`
	// Blob in Azure Storage.
	// +optional
	Azure *AzureArtifact `json:"azure,omitempty"`
	// Artifact kept by an artifact driver that the administrator installed.
	// +optional
	Plugin *PluginArtifact `json:"plugin,omitempty"`
}

// ArchiveStrategy tells how an output artifact is packed. Exactly one field is set; none of them means a gzipped tar.
type ArchiveStrategy struct {
	// Pack as a tar, gzipped unless its compression level is 0.
	// +optional
	Tar *TarStrategy `json:"tar,omitempty"`
	// Store as it is: a file as one object, a directory as one object a file.
	// +optional
	None *NoneStrategy `json:"none,omitempty"`
	// Pack as a zip.
	// +optional
	Zip *ZipStrategy `json:"zip,omitempty"`
}

// TarStrategy packs an artifact as a tar.
type TarStrategy struct {
	// Gzip level from 1 (fast) to 9 (small); 0 stores without compression. Default: gzip's own default, 6.
	// +optional
	CompressionLevel *int32 `json:"compressionLevel,omitempty"`
}

// NoneStrategy stores an artifact as it is.
type NoneStrategy struct{}

// ZipStrategy packs an artifact as a zip.
type ZipStrategy struct{}

// BasicAuth holds the name and password of HTTP basic authentication, both in Secrets of the workflow's namespace.
type BasicAuth struct {
	// Secret key with the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// Secret key with the password.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
}

// ClientCertAuth holds a TLS client certificate, in Secrets of the workflow's namespace.
type ClientCertAuth struct {
	// Secret key with the certificate, PEM.
	// +optional
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret,omitempty"`
	// Secret key with the private key, PEM.
	// +optional
	ClientKeySecret *corev1.SecretKeySelector `json:"clientKeySecret,omitempty"`
}

// OAuth2Auth obtains a token by the OAuth 2.0 client credentials grant. The Secrets are in the workflow's namespace.
type OAuth2Auth struct {
	// Secret key with the client ID.
	// +optional
	ClientIDSecret *corev1.SecretKeySelector `json:"clientIDSecret,omitempty"`
	// Secret key with the client secret.
	// +optional
	ClientSecretSecret *corev1.SecretKeySelector `json:"clientSecretSecret,omitempty"`
	// Secret key with the URL of the token endpoint.
	// +optional
	TokenURLSecret *corev1.SecretKeySelector `json:"tokenURLSecret,omitempty"`
	// Scopes to ask for.
	// +optional
	// +listType=atomic
	Scopes []string `json:"scopes,omitempty"`
	// Further parameters of the token request.
	// +optional
	// +listType=atomic
	EndpointParams []OAuth2EndpointParam `json:"endpointParams,omitempty"`
}

// OAuth2EndpointParam is one parameter of a token request.
type OAuth2EndpointParam struct {
	// Name of the parameter.
	Key string `json:"key"`
	// Its value.
	// +optional
	Value string `json:"value,omitempty"`
}
