package pod

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact/sockets"
)

// DriverContainerPrefix is what the names of the containers of artifact drivers begin with; the driver's name follows.
const DriverContainerPrefix = "artifact-plugin-"

// ArtifactDriver is a program of others that keeps artifacts (DRV-10).
type ArtifactDriver struct {
	// Image whose entrypoint serves the protocol of artifact drivers on the socket that it is given as argument.
	Image string
	// ConnectionTimeoutSeconds is how long to wait for its socket; 0: as the helpers do by themselves.
	ConnectionTimeoutSeconds int32
}

// ErrNoDriver is in the chain of errors about artifacts whose driver the installation does not have, at the moment.
var ErrNoDriver = errors.New("list it under artifactDrivers in the configuration of the controller")

// pluginsIn are the locations that a driver of others keeps.
func pluginsIn(locations []*wfv1.ArtifactLocation) []*wfv1.PluginArtifact {
	var list []*wfv1.PluginArtifact
	for _, l := range locations {
		if l.Plugin != nil {
			list = append(list, l.Plugin)
		}
	}
	return list
}

// configureDrivers refuses locations whose driver the installation does not have, and completes the others, which are changed.
func (s Settings) configureDrivers(locations []*wfv1.ArtifactLocation) error {
	for _, p := range pluginsIn(locations) {
		driver, ok := s.ArtifactDrivers[string(p.Name)]
		if !ok {
			return fmt.Errorf("artifact driver %s not found: %w", p.Name, ErrNoDriver)
		}
		if p.ConnectionTimeoutSeconds == 0 {
			p.ConnectionTimeoutSeconds = driver.ConnectionTimeoutSeconds
		}
	}
	return nil
}

// addDriversTo brings the drivers of others that `init` and `wait` need.
func (all artifacts) addDriversTo(spec *corev1.PodSpec, in Input) {
	addDrivers(spec, in, use{InitContainerName, all.loadedFrom()}, use{WaitContainerName, all.storedAt()})
}

// use is what a container of ours does with artifacts.
type use struct {
	container string
	locations []*wfv1.ArtifactLocation
}

// addDrivers brings the drivers of others that containers of ours need, each in a container of its own, which is up before them
// and ends after them, and the volumes with the sockets. Main containers and their images do not see these.
func addDrivers(spec *corev1.PodSpec, in Input, uses ...use) {
	needed := map[string]bool{}
	for _, u := range uses {
		for _, p := range pluginsIn(u.locations) {
			needed[string(p.Name)] = true
			for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
				for i := range list {
					if list[i].Name == u.container {
						addMount(&list[i], socketMount(string(p.Name)))
					}
				}
			}
		}
	}
	var drivers []corev1.Container
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		if slices.ContainsFunc(spec.InitContainers, func(c corev1.Container) bool { return c.Name == DriverContainerPrefix+name }) {
			continue
		}
		drivers = append(drivers, driverContainer(in, name))
		addVolume(spec, emptyDir(DriverContainerPrefix+name))
	}
	spec.InitContainers = append(drivers, spec.InitContainers...)
}

// driverContainer is a sidecar of Kubernetes' kind. It gets what the helpers get, but may write to its own file system.
func driverContainer(in Input, name string) corev1.Container {
	c := helper(in, DriverContainerPrefix+name)
	c.Image, c.ImagePullPolicy = in.Settings.ArtifactDrivers[name].Image, ""
	c.Command, c.Args = nil, []string{sockets.Of(name)}
	c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	c.VolumeMounts = []corev1.VolumeMount{socketMount(name)}
	if own := c.SecurityContext; own != nil && (in.Settings.Executor == nil || in.Settings.Executor.SecurityContext == nil) {
		own.ReadOnlyRootFilesystem = nil
	}
	return c
}

func socketMount(driver string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: DriverContainerPrefix + driver, MountPath: sockets.Dir + "/" + driver}
}
