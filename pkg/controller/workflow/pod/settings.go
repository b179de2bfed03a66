package pod

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Settings are what the configuration of an installation says about pods. The zero value says nothing. They are shared and
// not changed.
type Settings struct {
	// Images are the commands of images, by the name of the image as it stands in templates (POD-02).
	Images map[string]ImageCommand
	// MainContainer holds what main containers get that do not say otherwise; its name, image, command and arguments do not
	// count (POD-12). Nil: nothing.
	MainContainer *corev1.Container
	// Executor is what the helpers in pods get: image, pull policy, resources, environment and security context. What it does
	// not set stays as it is (POD-12). Nil: nothing.
	Executor *corev1.Container
	// PodGCDeleteDelay is how long ended pods that are to be deleted are left alone when the workflow does not say; nil: 5
	// seconds.
	PodGCDeleteDelay *time.Duration
	// ArtifactDrivers are the artifact drivers of others, by name (DRV-10).
	ArtifactDrivers map[string]ArtifactDriver
	// ImageVolume mounts the wrapper from the executor's image, as a volume, into the containers whose command it runs: nothing
	// has to be brought into such a pod before its containers start. It is for clusters where API server, kubelets and runtimes
	// know image volumes.
	ImageVolume bool
	// StatusFinalizer keeps a pod that somebody deletes until its end is recorded (POD-19, LBL-08).
	StatusFinalizer bool
	// ProgressPace is how often `wait` looks at what main says of its progress; nil: as it does by itself.
	ProgressPace *ProgressPace
	// InstanceID is a label of all pods, when there are several controllers (LBL-01); empty: no label.
	InstanceID string
}

// ProgressPace is how often the progress that a container writes into a file is read, and how often at most it is told to the
// server; 0: never (EXE-12).
type ProgressPace struct{ Read, Tell time.Duration }

// DefaultProgressPace is that of `wait`.
var DefaultProgressPace = ProgressPace{Read: 3 * time.Second, Tell: time.Minute}

func (s *Settings) progressPace() (read, tell time.Duration) {
	pace := DefaultProgressPace
	if s.ProgressPace != nil {
		pace = *s.ProgressPace
	}
	return pace.Read, pace.Tell
}

// ImageCommand is what an image runs when a container names no command.
type ImageCommand struct {
	Entrypoint []string
	Cmd        []string
}

// ErrNotYet is wrapped by errors of Build that go away by themselves, because something is still being looked up.
var ErrNotYet = errors.New("not known yet")

// CommandLookup finds out what an image runs, with the pull secrets and the service account of the pod. An error that wraps
// ErrNotYet means that it is being looked up.
type CommandLookup func(namespace string, spec *corev1.PodSpec, image string) (ImageCommand, error)

// withDefaults puts the container of a user over the defaults.
func withDefaults(c corev1.Container, defaults *corev1.Container) (corev1.Container, error) {
	if defaults == nil {
		return c, nil
	}
	base := defaults.DeepCopy()
	base.Name, base.Image, base.Command, base.Args = c.Name, "", nil, nil
	below, err := json.Marshal(base)
	if err != nil {
		return c, err
	}
	above, err := json.Marshal(&c)
	if err != nil {
		return c, err
	}
	both, err := strategicpatch.StrategicMergePatch(below, above, corev1.Container{})
	if err != nil {
		return c, fmt.Errorf("merge the configured mainContainer: %w", err)
	}
	merged := corev1.Container{}
	return merged, json.Unmarshal(both, &merged)
}
