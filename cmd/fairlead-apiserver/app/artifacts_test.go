package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestArtifactOptions(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*ArtifactOptions)
		want   string
	}{
		"defaults":      {func(*ArtifactOptions) {}, ""},
		"nothing":       {func(o *ArtifactOptions) { o.DeniedNetworks = nil }, ""},
		"no network":    {func(o *ArtifactOptions) { o.DeniedNetworks = []string{"10.0.0.1"} }, `"10.0.0.1" is no network such as 10.0.0.0/8`},
		"no time":       {func(o *ArtifactOptions) { o.DriverTimeout = 0 }, "--artifact-driver-timeout"},
		"other network": {func(o *ArtifactOptions) { o.DeniedNetworks = []string{"10.0.0.1/8"} }, ""},
	} {
		o := NewArtifactOptions()
		test.change(&o)
		err := errors.Join(o.Validate()...)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// DRV-10: the server does not start without the artifact drivers that it is told to have.
func TestArtifactOptions_Drivers(t *testing.T) {
	o := NewArtifactOptions()
	o.driversIn, o.Drivers, o.DriverTimeout = t.TempDir(), []string{"shelf"}, time.Millisecond
	if _, err := o.source(t.Context(), nil, ""); err == nil || !strings.Contains(err.Error(), "artifact driver shelf is not set up here") {
		t.Errorf("no sidecar: %v", err)
	}
	if err := os.Mkdir(filepath.Join(o.driversIn, "shelf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := o.source(t.Context(), nil, ""); err == nil || !strings.Contains(err.Error(), "artifact driver shelf has not answered within 1ms") {
		t.Errorf("a sidecar that does not start: %v", err)
	}
	o.Drivers, o.NameNodes = nil, []string{"name:8020"}
	source, err := o.source(t.Context(), nil, "")
	if err != nil || source.Guard == nil || len(source.NameNodes) != 1 {
		t.Errorf("%+v, %v", source, err)
	}
}
