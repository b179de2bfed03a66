// Package task says what the helpers in a pod have to do for its step. The controller writes it, the helpers read it; it is
// small on purpose, because the wrapper inside the user's container reads it too.
package task

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"fairlead.dev/fairlead/pkg/executor/packed"
)

const (
	// SharedDir is where every container of the pod has the shared volume.
	SharedDir = "/var/run/argo"
	// Wrapper is the file, below SharedDir, of the program that runs the user's command.
	Wrapper = "fairlead-run"
	// MirrorDir is where `wait` has the volumes of main that outputs may be on.
	MirrorDir = "/mainctrfs"
	// Env is the environment variable that carries the task to `init` and `wait`.
	Env = "FAIRLEAD_TASK"
	// WrapperEnv is the environment variable that carries the task to the wrapper where no helper has put it into the shared
	// volume. The user's command does not see it.
	WrapperEnv = "FAIRLEAD_WRAPPER_TASK"
	// EnvLimit is how long the value of an environment variable may be that the helpers are given, in bytes. Linux allows
	// 128 KiB for the variable with its name.
	EnvLimit = 120 << 10
	// ScriptEnv is the beginning of the variables that carry a script to `init`: ScriptEnv + "0" and so on, each a part of the
	// base64 form of the gzip stream.
	ScriptEnv = "FAIRLEAD_SCRIPT_"
	// ScriptFile is where `init` writes that script, in a volume that main mounts at the same place.
	ScriptFile = "/argo/staging/script"
	// Main is the container whose end, outputs and result are the step's.
	Main = "main"
	// ArgsEnv is the beginning of the variables that carry long arguments to `init`, in the same form: a JSON object of
	// lists by container.
	ArgsEnv = "FAIRLEAD_ARGS_"
	// EndedAnnotation of the pod names the containers whose end may have been missed, with commas.
	EndedAnnotation = "fairlead.dev/ended"
	// EndedDir is where containers that wait for others have EndedFile.
	EndedDir = "/argo/ended"
	// EndedFile is the file in which the kubelet keeps the value of that annotation.
	EndedFile = "containers"
	// ProgressFile is the file below SharedDir in which main says how far it is.
	ProgressFile = "progress"
)

// MaxOutputBytes is how much the outputs of one step may have in all, as JSON.
const MaxOutputBytes = 1 << 20

// Task is the work for the helpers of one pod.
type Task struct {
	// APIGroup is the API group of this installation.
	APIGroup string `json:"apiGroup"`
	// Namespace and Workflow name the workflow.
	Namespace string `json:"namespace"`
	Workflow  string `json:"workflow"`
	// NodeID is the node that this pod is for, and the name of its result.
	NodeID string `json:"nodeID"`
	// Ordinal of the node: tells the server in which page of nodes to look.
	Ordinal int64 `json:"ordinal"`
	// Containers are the wrapped containers.
	Containers []Container `json:"containers,omitempty"`
	// Grace is how many seconds a container gets between the request to end and its kill.
	Grace int64 `json:"grace,omitempty"`
	// Deadline is when main has to be over; nil: never.
	Deadline *time.Time `json:"deadline,omitempty"`
	// Progress: main says in a file how far it is.
	Progress bool `json:"progress,omitempty"`
	// HandsOver: main is a program of ours that knows the outputs, and leaves them to `wait` to be reported.
	HandsOver bool `json:"handsOver,omitempty"`
	// Result: what main writes to its standard output is an output.
	Result bool `json:"result,omitempty"`
	// Parameters are output parameters that are files of main.
	Parameters []Parameter `json:"parameters,omitempty"`
	// Inputs are artifacts that `init` loads, in order.
	Inputs []Input `json:"inputs,omitempty"`
	// Artifacts are output artifacts, files or directories of main.
	Artifacts []Artifact `json:"artifacts,omitempty"`
	// Logs are those of main containers that are archived.
	Logs []Log `json:"logs,omitempty"`
	// User is whom `wait` runs as; nil: not known.
	User *int64 `json:"user,omitempty"`
}

// Container is a container whose command is wrapped.
type Container struct {
	// Name of the container.
	Name string `json:"name"`
	// Sidecar: it is ended when all containers that are none have ended.
	Sidecar bool `json:"sidecar,omitempty"`
	// After names the containers that have to succeed before the command starts.
	After []string `json:"after,omitempty"`
	// Attempts is how often the command is run until it succeeds; 0 is 1.
	Attempts int `json:"attempts,omitempty"`
	// Pause between two attempts.
	Pause time.Duration `json:"pause,omitempty"`
	// LongArgs: further arguments of the command are in the shared volume, because they are too long for a pod.
	LongArgs bool `json:"longArgs,omitempty"`
}

// Container returns what there is to know about a container; a name that is not there has nothing special about it.
func (t *Task) Container(name string) Container {
	for _, c := range t.Containers {
		if c.Name == name {
			return c
		}
	}
	return Container{Name: name}
}

// Mains are the names of the wrapped containers that are no sidecars; of a task that lists none, Main.
func (t *Task) Mains() []string {
	var names []string
	for _, c := range t.Containers {
		if !c.Sidecar {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		names = []string{Main}
	}
	return names
}

// Parameter is an output parameter.
type Parameter struct {
	// Name of the parameter.
	Name string `json:"name"`
	// Path of its file in main.
	Path string `json:"path"`
	// Default is the value when there is no such file; nil: that is an error.
	Default *string `json:"default,omitempty"`
	// Declared is the parameter as the template declares it, to be reported with its value.
	Declared json.RawMessage `json:"declared"`
	// Mount is the mount of main that the file lies on, which `wait` has below MirrorDir; empty when it is on the image's own
	// layers or main's volume cannot be had there.
	Mount string `json:"mount,omitempty"`
}

// Read finds the task in the environment, whole or in parts.
func Read(getenv func(string) string) (*Task, error) {
	if text := getenv(Env); text != "" {
		return Decode(text)
	}
	source, err := packed.Open(EnvParts, getenv)
	if err != nil {
		return nil, err
	}
	if source == nil {
		return Decode("")
	}
	text, err := io.ReadAll(source)
	if err != nil {
		return nil, fmt.Errorf("what is in %s* cannot be read: %w", EnvParts, err)
	}
	return Decode(string(text))
}

// Decode reads a task.
func Decode(text string) (*Task, error) {
	t := &Task{}
	if text == "" {
		return nil, fmt.Errorf("the environment variable %s is not set: this program is started by Fairlead's controller", Env)
	}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", Env, err)
	}
	return t, nil
}
