package boundaries

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sizeLimits are how large the programs may be that every pod with helpers gets, as the image has them, in bytes. The wrapper is
// copied into each pod; the executor is started several times in it.
var sizeLimits = map[string]int64{
	"fairlead-run":      8_000_000,
	"fairlead-executor": 45_000_000,
}

// Issue 4, executor: what pods carry stays small. A dependency that makes it large fails here.
func TestSizesOfPrograms(t *testing.T) {
	readSources(t)
	if testing.Short() {
		t.Skip("-short: programs are not built")
	}
	for name, limit := range sizeLimits {
		out := filepath.Join(t.TempDir(), name)
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, module+"cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		info, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s has %d bytes", name, info.Size())
		if info.Size() > limit {
			t.Errorf("%s has %d bytes, allowed are %d", name, info.Size(), limit)
		}
	}
}
