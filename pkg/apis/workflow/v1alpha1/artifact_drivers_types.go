package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// S3Bucket tells how to reach a bucket of S3 or of a store that speaks its protocol.
type S3Bucket struct {
	// Host of the service, with port if it is not the usual one: `s3.amazonaws.com`, `minio:9000`.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// Name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// Region of the bucket. Default: found out from the service.
	// +optional
	Region string `json:"region,omitempty"`
	// Speak plain HTTP instead of HTTPS. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// Secret key with the access key ID.
	// +optional
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitempty"`
	// Secret key with the secret access key.
	// +optional
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitempty"`
	// Secret key with the session token that goes with temporary credentials.
	// +optional
	SessionTokenSecret *corev1.SecretKeySelector `json:"sessionTokenSecret,omitempty"`
	// ARN of a role to assume.
	// +optional
	RoleARN string `json:"roleARN,omitempty"`
	// Find credentials in the environment of the pod (IRSA, instance role, ...) instead of Secrets. Default: false.
	// +optional
	UseSDKCreds bool `json:"useSDKCreds,omitempty"`
	// Create the bucket when it does not exist, with these options. Absent: a missing bucket is an error.
	// +optional
	CreateBucketIfNotPresent *CreateS3BucketOptions `json:"createBucketIfNotPresent,omitempty"`
	// How the service encrypts what is stored. Absent: as the bucket is set up.
	// +optional
	EncryptionOptions *S3EncryptionOptions `json:"encryptionOptions,omitempty"`
	// Secret key with the certificate of the authority that signed the service's certificate, PEM. Default: the system's
	// authorities.
	// +optional
	CASecret *corev1.SecretKeySelector `json:"caSecret,omitempty"`
	// How the bucket appears in URLs: `path`, `virtual-hosted` or `auto`. Default: `auto`.
	// +optional
	AddressingStyle string `json:"addressingStyle,omitempty"`
}

// CreateS3BucketOptions are the options of a bucket that is created on demand.
type CreateS3BucketOptions struct {
	// Create the bucket with object locking. Default: false.
	// +optional
	ObjectLocking bool `json:"objectLocking,omitempty"`
}

// S3EncryptionOptions tells how the service encrypts objects.
type S3EncryptionOptions struct {
	// KMS key to encrypt with (SSE-KMS). Excludes `serverSideCustomerKeySecret`.
	// +optional
	KmsKeyId string `json:"kmsKeyId,omitempty"`
	// Encryption context of the KMS key, a JSON object of strings.
	// +optional
	KmsEncryptionContext string `json:"kmsEncryptionContext,omitempty"`
	// Ask for encryption: with the KMS key when one is named, with the service's own keys (SSE-S3) otherwise.
	// Default: false.
	// +optional
	EnableEncryption bool `json:"enableEncryption,omitempty"`
	// Secret key with a key of 32 bytes that the service uses for this object and does not keep (SSE-C).
	// +optional
	ServerSideCustomerKeySecret *corev1.SecretKeySelector `json:"serverSideCustomerKeySecret,omitempty"`
}

// S3Artifact is an object in a bucket, or all objects under a prefix.
type S3Artifact struct {
	// The bucket; what is left out comes from the artifact repository.
	S3Bucket `json:",inline"`

	// Key of the object. As an input, a key that no object has means all objects below it, as a directory.
	// +optional
	Key string `json:"key,omitempty"`
}

// GCSBucket tells how to reach a bucket of Google Cloud Storage.
type GCSBucket struct {
	// Name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// Secret key with the JSON key of a Google service account. Absent: workload identity.
	// +optional
	ServiceAccountKeySecret *corev1.SecretKeySelector `json:"serviceAccountKeySecret,omitempty"`
}

// GCSArtifact is an object in Google Cloud Storage.
type GCSArtifact struct {
	// The bucket; what is left out comes from the artifact repository.
	GCSBucket `json:",inline"`

	// Key of the object, or prefix of several.
	Key string `json:"key"`
}

// AzureBlobContainer tells how to reach a container of Azure Blob Storage.
type AzureBlobContainer struct {
	// URL of the storage account, such as `https://account.blob.core.windows.net`.
	Endpoint string `json:"endpoint"`
	// Name of the container.
	ContainerName string `json:"container"`
	// Secret key with an access key of the storage account.
	// +optional
	AccountKeySecret *corev1.SecretKeySelector `json:"accountKeySecret,omitempty"`
	// Find credentials in the environment of the pod (managed identity, ...) instead of a Secret. Default: false.
	// +optional
	UseSDKCreds bool `json:"useSDKCreds,omitempty"`
}

// AzureArtifact is a blob in Azure Storage.
type AzureArtifact struct {
	// The container; what is left empty comes from the artifact repository.
	AzureBlobContainer `json:",inline"`

	// Name of the blob, or prefix of several.
	Blob string `json:"blob"`
}

// OSSBucket tells how to reach a bucket of Alibaba Cloud OSS.
type OSSBucket struct {
	// Host of the service, such as `oss-cn-hangzhou.aliyuncs.com`.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// Name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// Secret key with the access key ID.
	// +optional
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitempty"`
	// Secret key with the access key secret.
	// +optional
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitempty"`
	// Create the bucket when it does not exist. Default: false.
	// +optional
	CreateBucketIfNotPresent bool `json:"createBucketIfNotPresent,omitempty"`
	// Token that goes with temporary credentials.
	// +optional
	SecurityToken string `json:"securityToken,omitempty"`
	// When the bucket moves or deletes old objects; set on the bucket when an output is saved.
	// +optional
	LifecycleRule *OSSLifecycleRule `json:"lifecycleRule,omitempty"`
	// Find credentials in the environment of the pod instead of Secrets. Default: false.
	// +optional
	UseSDKCreds bool `json:"useSDKCreds,omitempty"`
}

// OSSLifecycleRule tells what a bucket does with old objects.
type OSSLifecycleRule struct {
	// Days after which an object moves to infrequent access storage. 0: never.
	// +optional
	MarkInfrequentAccessAfterDays int32 `json:"markInfrequentAccessAfterDays,omitempty"`
	// Days after which an object is deleted. 0: never.
	// +optional
	MarkDeletionAfterDays int32 `json:"markDeletionAfterDays,omitempty"`
}

// OSSArtifact is an object in Alibaba Cloud OSS.
type OSSArtifact struct {
	// The bucket; what is left out comes from the artifact repository.
	OSSBucket `json:",inline"`

	// Key of the object, or prefix of several.
	Key string `json:"key"`
}

// HDFSKrbConfig tells how to log in to HDFS with Kerberos: with a ticket cache or with a keytab, not both.
type HDFSKrbConfig struct {
	// Secret key with a credentials cache, as `kinit` leaves it.
	// +optional
	KrbCCacheSecret *corev1.SecretKeySelector `json:"krbCCacheSecret,omitempty"`
	// Secret key with a keytab. Requires `krbUsername` and `krbRealm`.
	// +optional
	KrbKeytabSecret *corev1.SecretKeySelector `json:"krbKeytabSecret,omitempty"`
	// Name of the principal in the keytab, without realm.
	// +optional
	KrbUsername string `json:"krbUsername,omitempty"`
	// Realm of the principal in the keytab.
	// +optional
	KrbRealm string `json:"krbRealm,omitempty"`
	// ConfigMap key with the `krb5.conf`.
	// +optional
	KrbConfigConfigMap *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap,omitempty"`
	// Principal of the name node service. Required with Kerberos.
	// +optional
	KrbServicePrincipalName string `json:"krbServicePrincipalName,omitempty"`
}

// HDFSConfig tells how to reach an HDFS cluster.
type HDFSConfig struct {
	// Login with Kerberos. Empty: the plain user of `hdfsUser`.
	HDFSKrbConfig `json:",inline"`

	// Name nodes, each as `host:port`; they are tried in order.
	// +optional
	// +listType=atomic
	Addresses []string `json:"addresses,omitempty"`
	// User name when Kerberos is not used.
	// +optional
	HDFSUser string `json:"hdfsUser,omitempty"`
	// Protection of the data connection: `authentication`, `integrity` or `privacy`. Default: as the cluster says.
	// +optional
	DataTransferProtection string `json:"dataTransferProtection,omitempty"`
}

// HDFSArtifact is a file or directory in HDFS.
type HDFSArtifact struct {
	// The cluster; what is left out comes from the artifact repository.
	HDFSConfig `json:",inline"`

	// Absolute path of the file or directory.
	Path string `json:"path"`
	// Overwrite what is there when an output is saved. Default: false, which makes it an error.
	// +optional
	Force bool `json:"force,omitempty"`
}

// Header is one HTTP header.
type Header struct {
	// Name of the header.
	Name string `json:"name"`
	// Its value.
	Value string `json:"value"`
}

// HTTPAuth tells how to authenticate to an HTTP server. At most one field is set.
type HTTPAuth struct {
	// With a TLS client certificate.
	// +optional
	ClientCert ClientCertAuth `json:"clientCert,omitempty,omitzero"`
	// With a token obtained by OAuth 2.0 client credentials.
	// +optional
	OAuth2 OAuth2Auth `json:"oauth2,omitempty,omitzero"`
	// With a name and a password.
	// +optional
	BasicAuth BasicAuth `json:"basicAuth,omitempty,omitzero"`
}

// HTTPArtifact is a resource on an HTTP server: GET for inputs, PUT for outputs.
type HTTPArtifact struct {
	// URL of the resource.
	URL string `json:"url"`
	// Headers to send.
	// +optional
	// +listType=atomic
	Headers []Header `json:"headers,omitempty"`
	// How to authenticate. Absent: not at all.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`
	// Write an output to a temporary file first, so that its length can be sent. For servers that refuse chunked bodies.
	// Default: false.
	// +optional
	SaveStreamViaFile bool `json:"saveStreamViaFile,omitempty"`
}

// ArtifactoryAuth holds the login to JFrog Artifactory, in Secrets of the workflow's namespace.
type ArtifactoryAuth struct {
	// Secret key with the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// Secret key with the password or API key.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
}

// ArtifactoryArtifact is a file in JFrog Artifactory.
type ArtifactoryArtifact struct {
	// URL of the file.
	URL string `json:"url"`

	// The login.
	ArtifactoryAuth `json:",inline"`
}

// GitArtifact is a Git repository that is cloned to the path of an input artifact.
type GitArtifact struct {
	// URL of the repository: HTTPS, SSH or `user@host:path`.
	Repo string `json:"repo"`
	// What to check out: branch, tag or commit. Default: the head of the default branch.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Number of commits to fetch from the tip of each branch. Default, and 0: all.
	// +optional
	Depth *int64 `json:"depth,omitempty"`
	// Further refspecs to fetch, such as `refs/pull/7/head:refs/pull/7/head`.
	// +optional
	// +listType=atomic
	Fetch []string `json:"fetch,omitempty"`
	// Secret key with the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// Secret key with the password or token.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
	// Secret key with an SSH private key, PEM.
	// +optional
	SSHPrivateKeySecret *corev1.SecretKeySelector `json:"sshPrivateKeySecret,omitempty"`
	// Do not verify the SSH host key. Default: false.
	// +optional
	InsecureIgnoreHostKey bool `json:"insecureIgnoreHostKey,omitempty"`
	// Leave submodules alone. Default: false, which clones them recursively.
	// +optional
	DisableSubmodules bool `json:"disableSubmodules,omitempty"`
	// Fetch only `branch`, which is then required. Default: false.
	// +optional
	SingleBranch bool `json:"singleBranch,omitempty"`
	// The branch to fetch when `singleBranch` is set.
	// +optional
	Branch string `json:"branch,omitempty"`
	// Do not verify the server's TLS certificate. Default: false.
	// +optional
	InsecureSkipTLS bool `json:"insecureSkipTLS,omitempty"`
}

// RawArtifact is a file whose content stands in the manifest.
type RawArtifact struct {
	// The content. Variables in it are replaced.
	Data string `json:"data"`
}

// ArtifactPluginName names an artifact driver that the administrator installed.
type ArtifactPluginName string

// PluginArtifact is an artifact kept by an installed artifact driver.
type PluginArtifact struct {
	// Name of the driver. Default: that of the artifact repository.
	// +optional
	Name ArtifactPluginName `json:"name,omitempty"`
	// Text that is handed to the driver unread.
	// +optional
	Configuration string `json:"configuration,omitempty"`
	// How long to wait for the driver's socket, in seconds. 0: as the administrator has set it.
	// +optional
	ConnectionTimeoutSeconds int32 `json:"connectionTimeoutSeconds,omitempty"`
	// Key of the artifact; what it means is up to the driver.
	Key string `json:"key"`
}
