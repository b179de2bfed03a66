// Package version knows which version of Fairlead this is. It is apart from the version of Kubernetes that the linked
// libraries report, which decides about API compatibility and must stay theirs.
package version

// Version is set when the binaries are built: -ldflags "-X fairlead.dev/fairlead/pkg/version.Version=v1.2.3".
var Version = "v0.1.0-dev"
