// Package config reads the ConfigMap workflow-controller-configmap, by which an administrator sets up the controller
// (CFG-01, CFG-02), and follows its changes without a restart.
package config

import (
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// DefaultPodGCDeleteDelay is how long ended pods that are to be deleted are left alone, when nothing says how long.
const DefaultPodGCDeleteDelay = 5 * time.Second

// Config is what the ConfigMap says. The zero value is that of an empty one. A Config is never changed once it is in use.
type Config struct {
	// InstanceID restricts the controller to the workflows whose label controller-instanceid has this value; empty: to those
	// that have no such label. Taking effect needs a restart, which the controller does by itself.
	InstanceID string `json:"instanceID,omitempty"`
	// Parallelism is how many workflows may run at once; 0: any number.
	Parallelism int `json:"parallelism,omitempty"`
	// NamespaceParallelism is how many of one namespace; 0: any number. A label of the namespace beats it.
	NamespaceParallelism int `json:"namespaceParallelism,omitempty"`
	// ResourceRateLimit limits how many pods are created a second.
	ResourceRateLimit *ResourceRateLimit `json:"resourceRateLimit,omitempty"`

	// NodeEvents are the Events about steps.
	NodeEvents NodeEvents `json:"nodeEvents,omitempty"`
	// WorkflowEvents are the Events about workflows.
	WorkflowEvents WorkflowEvents `json:"workflowEvents,omitempty"`

	// Executor sets image, pull policy, resources, environment, arguments and security context of the helpers in pods.
	Executor *corev1.Container `json:"executor,omitempty"`
	// MainContainer is merged beneath the main containers of all pods.
	MainContainer *corev1.Container `json:"mainContainer,omitempty"`
	// Images are the commands of images, so that they need not be looked up.
	Images map[string]Image `json:"images,omitempty"`
	// PodSpecLogStrategy says which pods are written into the log.
	PodSpecLogStrategy PodSpecLogStrategy `json:"podSpecLogStrategy,omitempty"`
	// FailedPodRestart makes pods again that failed before their main container started (RTY-12).
	FailedPodRestart FailedPodRestart `json:"failedPodRestart,omitempty"`
	// PodGCGracePeriodSeconds is the grace period with which pods are deleted; nil: their own.
	PodGCGracePeriodSeconds *int64 `json:"podGCGracePeriodSeconds,omitempty"`
	// PodGCDeleteDelayDuration is how long ended pods that are to be deleted are left alone; nil: 5 seconds.
	PodGCDeleteDelayDuration *Duration `json:"podGCDeleteDelayDuration,omitempty"`

	// ArtifactRepository is where artifacts go that no namespace and no workflow says otherwise about.
	ArtifactRepository *wfv1.ArtifactRepository `json:"artifactRepository,omitempty"`

	// ArtifactDrivers are programs of others that keep artifacts, for locations of the kind plugin (DRV-10).
	ArtifactDrivers []ArtifactDriver `json:"artifactDrivers,omitempty"`

	// WorkflowDefaults are laid beneath every workflow when it starts (CFG-03).
	WorkflowDefaults *wfv1.Workflow `json:"workflowDefaults,omitempty"`
	// WorkflowRestrictions say what a workflow may be (CFG-04).
	WorkflowRestrictions *WorkflowRestrictions `json:"workflowRestrictions,omitempty"`
	// MetricsConfig is about metrics; of it, only how long values of workflows' own metrics are kept has an effect.
	MetricsConfig *MetricsConfig `json:"metricsConfig,omitempty"`
	// InitialDelay is how long a new workflow is left alone.
	InitialDelay Duration `json:"initialDelay,omitempty"`
	// InitlessPod has wrapped containers get the wrapper from an image volume whether or not that is known to work (POD-23).
	InitlessPod InitlessPod `json:"initlessPod,omitempty"`
	// RetentionPolicy is how many ended workflows are kept.
	RetentionPolicy *RetentionPolicy `json:"retentionPolicy,omitempty"`

	Elsewhere `json:",inline"`
}

// Elsewhere are the keys that are known and have no effect on this controller; see Ignored for why.
type Elsewhere struct {
	Namespace               string          `json:"namespace,omitempty"`
	KubeConfig              *KubeConfig     `json:"kubeConfig,omitempty"`
	Links                   []Link          `json:"links,omitempty"`
	Columns                 []Column        `json:"columns,omitempty"`
	NavColor                string          `json:"navColor,omitempty"`
	TelemetryConfig         json.RawMessage `json:"telemetryConfig,omitempty"`
	Persistence             json.RawMessage `json:"persistence,omitempty"`
	Synchronization         json.RawMessage `json:"synchronization,omitempty"`
	SemaphoreLimitCache     *int64          `json:"semaphoreLimitCacheSeconds,omitempty"`
	SSO                     json.RawMessage `json:"sso,omitempty"`
	DisableAgentPodCreation *bool           `json:"disableAgentPodCreation,omitempty"`
}

// ResourceRateLimit is a token bucket.
type ResourceRateLimit struct {
	// Limit is the pods a second; more than 0.
	Limit float64 `json:"limit"`
	// Burst is how many may be created at once; at least 1.
	Burst int `json:"burst"`
}

// NodeEvents are the Events about steps.
type NodeEvents struct {
	// Enabled switches them; nil: as the flag --node-events says.
	Enabled *bool `json:"enabled,omitempty"`
	// SendAsPod attaches them to the pod of the step instead of the workflow.
	SendAsPod bool `json:"sendAsPod,omitempty"`
}

// WorkflowEvents are the Events about workflows.
type WorkflowEvents struct {
	// Enabled switches them; nil: on.
	Enabled *bool `json:"enabled,omitempty"`
}

// Image is the command of an image.
type Image struct {
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
}

// PodSpecLogStrategy says which pods are written into the log.
type PodSpecLogStrategy struct {
	// FailedPod: those that the cluster refused.
	FailedPod bool `json:"failedPod,omitempty"`
	// AllPods: all that are created.
	AllPods bool `json:"allPods,omitempty"`
}

// InitlessPod says that pods can have image volumes.
type InitlessPod struct {
	Enabled bool `json:"enabled,omitempty"`
}

// FailedPodRestart makes pods again that failed before their main container started.
type FailedPodRestart struct {
	Enabled bool `json:"enabled,omitempty"`
	// MaxRestarts of one attempt; nil: 3.
	MaxRestarts *int32 `json:"maxRestarts,omitempty"`
	// BackoffSeconds between them; nil: 30.
	BackoffSeconds *int64 `json:"backoffSeconds,omitempty"`
}

// TemplateReferencing is how far workflows have to keep to templates.
type TemplateReferencing string

const (
	// ReferencingStrict lets only workflows run that refer to a template as a whole and change little of it.
	ReferencingStrict TemplateReferencing = "Strict"
	// ReferencingSecure demands besides that the template stays as it is while the workflow runs.
	ReferencingSecure TemplateReferencing = "Secure"
)

// WorkflowRestrictions say what a workflow may be.
type WorkflowRestrictions struct {
	TemplateReferencing TemplateReferencing `json:"templateReferencing,omitempty"`
}

// RetentionPolicy is how many ended workflows are kept, newest first; 0: all.
type RetentionPolicy struct {
	Completed int `json:"completed,omitempty"`
	Failed    int `json:"failed,omitempty"`
	Errored   int `json:"errored,omitempty"`
}

// MetricsConfig is about metrics.
type MetricsConfig struct {
	// MetricsTTL is how long the value of a metric that a workflow declares is kept after its last change; 0: always.
	MetricsTTL    Duration        `json:"metricsTTL,omitempty"`
	Enabled       *bool           `json:"enabled,omitempty"`
	DisableLegacy bool            `json:"disableLegacy,omitempty"`
	Path          string          `json:"path,omitempty"`
	Port          int             `json:"port,omitempty"`
	IgnoreErrors  bool            `json:"ignoreErrors,omitempty"`
	Secure        *bool           `json:"secure,omitempty"`
	Temporality   string          `json:"temporality,omitempty"`
	Modifiers     json.RawMessage `json:"modifiers,omitempty"`
}

// KubeConfig is a Secret with the way to another cluster.
type KubeConfig struct {
	SecretName string `json:"secretName,omitempty"`
	SecretKey  string `json:"secretKey,omitempty"`
	VolumeName string `json:"volumeName,omitempty"`
	MountPath  string `json:"mountPath,omitempty"`
}

// ArtifactDriver is a program of others that keeps artifacts.
type ArtifactDriver struct {
	// Name by which locations mean it; a part of the name of its container.
	Name string `json:"name"`
	// Image whose entrypoint is the program.
	Image string `json:"image,omitempty"`
	// ConnectionTimeoutSeconds is how long to wait until it answers; 0: 120.
	ConnectionTimeoutSeconds int32 `json:"connectionTimeoutSeconds,omitempty"`
}

// Link is a link that a user interface shows.
type Link struct {
	Name   string `json:"name"`
	Scope  string `json:"scope"`
	URL    string `json:"url"`
	Target string `json:"target,omitempty"`
}

// Column is a column that a user interface shows.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Key  string `json:"key"`
}

// Restarts returns how often a pod that failed before its main container started is made again, and how long after.
func (c *Config) Restarts() (int32, time.Duration) {
	if !c.FailedPodRestart.Enabled {
		return 0, 0
	}
	times, pause := int32(3), 30*time.Second
	if n := c.FailedPodRestart.MaxRestarts; n != nil {
		times = *n
	}
	if n := c.FailedPodRestart.BackoffSeconds; n != nil {
		pause = time.Duration(*n) * time.Second
	}
	return times, pause
}

// DeleteDelay returns how long ended pods that are to be deleted are left alone.
func (c *Config) DeleteDelay() time.Duration {
	if c.PodGCDeleteDelayDuration == nil {
		return DefaultPodGCDeleteDelay
	}
	return c.PodGCDeleteDelayDuration.Duration
}

// MetricsTTL returns how long the value of a metric that a workflow declares is kept after its last change; 0: always.
func (c *Config) MetricsTTL() time.Duration {
	if c.MetricsConfig == nil {
		return 0
	}
	return c.MetricsConfig.MetricsTTL.Duration
}

// EmitsWorkflowEvents tells whether Events about workflows are wanted.
func (c *Config) EmitsWorkflowEvents() bool {
	return c.WorkflowEvents.Enabled == nil || *c.WorkflowEvents.Enabled
}

// Referencing returns how far workflows have to keep to templates; empty: not at all.
func (c *Config) Referencing() TemplateReferencing {
	if c.WorkflowRestrictions == nil {
		return ""
	}
	return c.WorkflowRestrictions.TemplateReferencing
}
