package task

import "encoding/json"

const (
	// InputsDir is where `init` puts artifacts that do not go to a volume of the user's; each has its name there.
	InputsDir = "/argo/inputs/artifacts"
	// EnvParts is the beginning of the variables that carry a task that is too long for Env, packed.
	EnvParts = "FAIRLEAD_TASK_"
)

// Input is an artifact that `init` loads.
type Input struct {
	// Name of the artifact.
	Name string `json:"name"`
	// Volume is the directory of `init` in which a volume is mounted, and Path where in it the artifact is to be.
	Volume string `json:"volume"`
	Path   string `json:"path"`
	// Artifact is the artifact with its whole location, an Artifact of the API.
	Artifact json.RawMessage `json:"artifact"`
}

// Artifact is an output artifact.
type Artifact struct {
	// Name of the artifact.
	Name string `json:"name"`
	// Path of the file or directory in main.
	Path string `json:"path"`
	// Optional: it need not be there.
	Optional bool `json:"optional,omitempty"`
	// Mount is the mount of main that the path lies on, which `wait` has below MirrorDir; empty: it has it not.
	Mount string `json:"mount,omitempty"`
	// Stored is the artifact with its whole location, Reported as it is recorded: Artifacts of the API.
	Stored   json.RawMessage `json:"stored,omitempty"`
	Reported json.RawMessage `json:"reported,omitempty"`
}

// Log is the log of a container that is stored as an artifact.
type Log struct {
	// Container whose log it is.
	Container string `json:"container"`
	// Stored and Reported are as those of an Artifact.
	Stored   json.RawMessage `json:"stored,omitempty"`
	Reported json.RawMessage `json:"reported,omitempty"`
}

// ArchivesLog tells whether the log of a container is to be kept.
func (t *Task) ArchivesLog(container string) bool {
	for i := range t.Logs {
		if t.Logs[i].Container == container {
			return true
		}
	}
	return false
}

// ForWrapper is what the wrapper has to know of the task: nothing about where artifacts are stored.
func (t *Task) ForWrapper() *Task {
	own := *t
	own.Inputs, own.Artifacts, own.Logs = nil, nil, nil
	for _, a := range t.Artifacts {
		a.Stored, a.Reported = nil, nil
		own.Artifacts = append(own.Artifacts, a)
	}
	for _, l := range t.Logs {
		own.Logs = append(own.Logs, Log{Container: l.Container})
	}
	return &own
}

// ForInit is what `init` has to know: where inputs are, but not where outputs go.
func (t *Task) ForInit() *Task {
	own := t.ForWrapper()
	own.Inputs = t.Inputs
	return own
}

// ForWait is what `wait` has to know.
func (t *Task) ForWait() *Task {
	own := *t
	own.Inputs = nil
	return &own
}
