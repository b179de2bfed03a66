package volume

import (
	"fmt"
	"os"
)

// Artifact is what was found in place of an output artifact. Missing, Problem or Kept is meaningful, in this order; none of
// them means that `wait` can read it on a volume.
type Artifact struct {
	Missing bool   `json:"missing,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Kept: it is in ArtifactFile.
	Kept bool `json:"kept,omitempty"`
}

// ArtifactFile is the name of the file that an output artifact is kept in, as a tar.
func (c Container) ArtifactFile(index int) string {
	return c.file(artifactName(index))
}

func artifactName(index int) string { return fmt.Sprintf("artifact-%d.tar", index) }

const logName = "combined"

// LogFile is the name of the file with all that the container's command has printed.
func (c Container) LogFile() string { return c.file(logName) }

// CreateLog makes that file; writes are appended.
func (c Container) CreateLog() (*os.File, error) { return create(c.LogFile(), os.O_APPEND) }

// CreateArtifact makes the file of an output artifact.
func (c Container) CreateArtifact(index int) (*os.File, error) {
	return create(c.ArtifactFile(index), os.O_TRUNC)
}

// create makes a file that the other containers can read, whatever the umask is.
func create(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|flag, 0o644)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
