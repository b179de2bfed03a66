package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Where the pod builder mounts what locations refer to: one file a key, SecretDir/<name>/<key>.
const (
	SecretDir    = "/argo/secret"
	ConfigMapDir = "/argo/configmap"
)

// Files reads Secrets and ConfigMaps that are mounted as files. The zero value reads from SecretDir and ConfigMapDir.
type Files struct {
	// Root is put in front of both directories; for tests.
	Root string
}

var _ Resources = Files{}

// Secret reads SecretDir/<name>/<key>.
func (f Files) Secret(_ context.Context, name, key string) ([]byte, error) {
	return f.read("Secret", SecretDir, name, key)
}

// ConfigMap reads ConfigMapDir/<name>/<key>.
func (f Files) ConfigMap(_ context.Context, name, key string) ([]byte, error) {
	return f.read("ConfigMap", ConfigMapDir, name, key)
}

func (f Files) read(kind, directory, name, key string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(f.Root, directory, name, key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the pod has no key %q of %s %q: does it exist in the workflow's namespace?", key, kind, name)
	}
	return content, err
}
