package v1alpha1

// ResourceTemplate makes a template that does something to a Kubernetes object with kubectl and can wait for what
// becomes of it.
type ResourceTemplate struct {
	// What to do: `get`, `create`, `apply`, `delete`, `replace` or `patch`.
	Action string `json:"action"`
	// Kind of patch: `strategic`, `merge` or `json`. Default: `strategic`.
	// +optional
	MergeStrategy string `json:"mergeStrategy,omitempty"`
	// The object, or the patch, in YAML or JSON. Variables are replaced.
	// +optional
	Manifest string `json:"manifest,omitempty"`
	// Takes the manifest from elsewhere. Excludes `manifest`.
	// +optional
	ManifestFrom *ManifestFrom `json:"manifestFrom,omitempty"`
	// Makes the workflow the owner of the object, so that it is deleted with it. Only with an object written in `manifest`.
	// Default: false.
	// +optional
	SetOwnerReference bool `json:"setOwnerReference,omitempty"`
	// Requirements, written like a label selector over paths into the object, that must all hold for the node to succeed:
	// `status.succeeded > 0`. Default: it succeeds at once.
	// +optional
	SuccessCondition string `json:"successCondition,omitempty"`
	// Requirements, written like a label selector over paths into the object, of which any one makes the node fail. They
	// are looked at before `successCondition`.
	// +optional
	FailureCondition string `json:"failureCondition,omitempty"`
	// Further arguments of kubectl, each an element; they may take the place of the manifest: `["pod/web"]`.
	// +optional
	// +listType=atomic
	Flags []string `json:"flags,omitempty"`
}

// ManifestFrom tells where the manifest of a resource template comes from.
type ManifestFrom struct {
	// An input artifact of the template; its `name` says which.
	Artifact *Artifact `json:"artifact"`
}
