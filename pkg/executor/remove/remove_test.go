package remove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// bucket deletes keys, unless they say that they cannot be.
type bucket struct {
	artifact.Driver
	mu      sync.Mutex
	deleted []string
}

func (b *bucket) Delete(_ context.Context, a *wfv1.Artifact) error {
	key := a.S3.Key
	switch {
	case strings.HasPrefix(key, "kept"):
		return errors.New("access denied to " + key + strings.Repeat("!", 1000))
	case strings.HasPrefix(key, "never"):
		return fmt.Errorf("delete %w", artifact.ErrNotSupported)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deleted = append(b.deleted, key)
	return nil
}

func list(t *testing.T, keys ...string) Options {
	t.Helper()
	var artifacts []wfv1.Artifact
	for _, key := range keys {
		artifacts = append(artifacts, wfv1.Artifact{Name: "a", ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{Key: key}}})
	}
	text, err := json.Marshal(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), File)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{List: file, Backoff: wait.Backoff{Steps: 1}, Clock: clock.RealClock{}, Log: t.Logf}
}

func TestDelete_AGC02(t *testing.T) {
	b := &bucket{}
	open := func(context.Context, *wfv1.ArtifactLocation) (artifact.Driver, error) { return b, nil }
	o := list(t, "x", "y/", "z")
	o.Open = open
	if err := Main(t.Context(), o); err != nil || len(b.deleted) != 3 {
		t.Errorf("%v, deleted %v", err, b.deleted)
	}

	keys := []string{"kept0", "kept1", "ok", "never", "ok"}
	for range 100 {
		keys = append(keys, "kept")
	}
	o = list(t, keys...)
	o.Open = open
	err := Main(t.Context(), o)
	if err == nil || len(err.Error()) > 4096 {
		t.Fatalf("last words of %d bytes: %.200v", len(fmt.Sprint(err)), err)
	}
	r, ok := Parse("main said: " + err.Error())
	if !ok || r.Failed != "0-1,3,5-104" || len(r.Failures) < 4 || r.Failures[0].Lasting || !r.Failures[2].Lasting || !strings.Contains(r.Failures[0].Message, "access denied to kept0") {
		t.Errorf("%+v", r)
	}
	left, err := r.Indices()
	if err != nil || len(left) != 103 || left[2] || !left[104] || left[105] {
		t.Errorf("%v %v", left, err)
	}
	for _, words := range []string{"", "OOMKilled", `{"failed":"1`, "{}"} {
		if _, ok := Parse(words); ok {
			t.Errorf("%q is taken for a report", words)
		}
	}
	if _, err := (Report{Failed: "x"}).Indices(); err == nil {
		t.Error("no error for a place that is none")
	}
}
