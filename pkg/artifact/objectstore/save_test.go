//go:build unix

package objectstore_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fairlead.dev/fairlead/pkg/artifact"
)

// A FIFO in a directory is refused; nobody may ever write to it.
func TestSaveRefusesFIFO(t *testing.T) {
	directory := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(directory, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, store := newStore()
	err := store.Save(context.Background(), at("x"), directory)
	if err == nil || !strings.Contains(err.Error(), "neither a file nor a directory") || artifact.Transient(err) {
		t.Errorf("%v", err)
	}
}
