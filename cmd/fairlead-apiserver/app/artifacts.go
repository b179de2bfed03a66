package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/pflag"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/plugin"
	"fairlead.dev/fairlead/pkg/artifact/sockets"
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
)

// ArtifactOptions say how the server reads artifacts, for downloads and for logs of pods that are gone.
type ArtifactOptions struct {
	// DeniedNetworks are those that a location of a user's must not lead to, in CIDR form.
	DeniedNetworks []string
	// Drivers are the names of artifact drivers of others that run beside the server.
	Drivers []string
	// NameNodes are the addresses of HDFS that are asked.
	NameNodes []string
	// DriverTimeout is how long to wait for them at the start.
	DriverTimeout time.Duration
	// UploadLimit is how many bytes a file may have that is uploaded.
	UploadLimit int64
	// ConfigMap of the installation's namespace holds the controller's configuration, which may name an artifact repository.
	ConfigMap string
	// ShareSecret: the installation's own credentials for that repository are used for namespaces that have none.
	ShareSecret bool
	// driversIn is the directory with their sockets.
	driversIn string
}

// NewArtifactOptions returns the defaults.
func NewArtifactOptions() ArtifactOptions {
	return ArtifactOptions{DeniedNetworks: artifact.LocalNetworks(), DriverTimeout: plugin.DefaultConnectionTimeout, driversIn: sockets.Dir,
		UploadLimit: artifacts.DefaultUploadLimit, ConfigMap: "workflow-controller-configmap"}
}

// AddFlags adds the flags.
func (o *ArtifactOptions) AddFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.DeniedNetworks, "artifact-store-denied-networks", o.DeniedNetworks,
		"Networks that this server does not connect to when it reads an artifact, because users say where their artifacts are. Default: its own loopback, link-local addresses, and the metadata services of clouds. Empty: none.")
	flags.StringSliceVar(&o.Drivers, "artifact-drivers", o.Drivers,
		"Names of artifact drivers that run as sidecars of this server, each with its socket at "+sockets.Of("NAME")+". The server does not start without them.")
	flags.StringSliceVar(&o.NameNodes, "artifact-hdfs-name-nodes", o.NameNodes,
		"Name nodes of HDFS, each as locations name it (host:port), that this server may read artifacts from. Name those only that can be trusted: one that lies about the size of its answers can take all of its memory.")
	flags.DurationVar(&o.DriverTimeout, "artifact-driver-timeout", o.DriverTimeout,
		"How long to wait at the start for the artifact drivers.")
	flags.Int64Var(&o.UploadLimit, "artifact-upload-limit", o.UploadLimit,
		"How many bytes a file may have that is uploaded for a workflow. 0: none may be.")
	flags.StringVar(&o.ConfigMap, "configmap", o.ConfigMap,
		"Name of the ConfigMap with the controller's configuration, in the namespace of the server. Its artifactRepository is where uploaded files go by default, and its workflowDefaults count when workflows are checked.")
	flags.BoolVar(&o.ShareSecret, "upload-with-own-secret", o.ShareSecret,
		"Upload to that repository with the credentials in the server's own namespace where the user's namespace has none: for controllers that would copy them there.")
}

// Validate returns everything that is wrong.
func (o *ArtifactOptions) Validate() []error {
	_, err := o.networks()
	if o.DriverTimeout <= 0 {
		err = errors.Join(err, errors.New("--artifact-driver-timeout must be greater than 0"))
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (o *ArtifactOptions) networks() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var problems []error
	for _, text := range o.DeniedNetworks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("--artifact-store-denied-networks: %q is no network such as 10.0.0.0/8", text))
			continue
		}
		networks = append(networks, n.Masked())
	}
	return networks, errors.Join(problems...)
}

// source waits for the artifact drivers (DRV-10) and returns the way to artifacts.
func (o *ArtifactOptions) source(ctx context.Context, client corev1client.CoreV1Interface, namespace string) (*artifacts.Source, error) {
	networks, err := o.networks()
	if err != nil {
		return nil, err
	}
	for _, name := range o.Drivers {
		if err := plugin.Await(ctx, o.driversIn, name, o.DriverTimeout); err != nil {
			return nil, fmt.Errorf("--artifact-drivers: %w", err)
		}
	}
	source := artifacts.NewSource(client)
	source.Guard, source.Drivers = artifact.DenyNetworks(networks), slices.Clone(o.Drivers)
	source.NameNodes = slices.Clone(o.NameNodes)
	source.Uploads = o.uploads(client, namespace)
	return source, nil
}
