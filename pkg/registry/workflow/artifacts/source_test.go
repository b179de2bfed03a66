package artifacts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// DRV-10: artifacts of a driver of others are read by the one beside this server, which is told the workflow's namespace; without
// one, the answer says what is missing.
func TestSource_Drivers(t *testing.T) {
	var asked artifact.Resources
	artifact.Register(artifact.KindPlugin, func(_ context.Context, _ *v1alpha1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
		asked = resources
		return memory, nil
	})
	wf := &v1alpha1.Workflow{}
	wf.Name, wf.Namespace = "wf", "ns"
	a := &v1alpha1.Artifact{Name: "book"}
	a.Plugin = &v1alpha1.PluginArtifact{Name: "shelf", Key: "k"}

	source := NewSource(nil)
	_, _, err := source.Driver(t.Context(), wf, a)
	if code(err) != http.StatusNotImplemented || !strings.Contains(err.Error(), "artifact driver shelf, which does not run beside this server") || !strings.Contains(err.Error(), "--artifact-drivers") {
		t.Errorf("without the driver: %v", err)
	}
	source.Drivers = []string{"attic", "shelf"}
	if _, _, err := source.Driver(t.Context(), wf, a); err != nil {
		t.Fatal(err)
	}
	if r, ok := asked.(interface{ WorkflowNamespace() string }); !ok || r.WorkflowNamespace() != "ns" {
		t.Errorf("the driver is not told the namespace: %#v", asked)
	}
}

// DRV-05: of HDFS only what an administrator has named is read.
func TestSource_NameNodes(t *testing.T) {
	artifact.Register(artifact.KindHDFS, func(context.Context, *v1alpha1.ArtifactLocation, artifact.Resources) (artifact.Driver, error) {
		return memory, nil
	})
	a := &v1alpha1.Artifact{Name: "x"}
	a.HDFS = &v1alpha1.HDFSArtifact{Path: "/k"}
	a.HDFS.Addresses, a.HDFS.HDFSUser = []string{"one:8020", "two:8020"}, "u"
	source := NewSource(nil)
	for _, named := range [][]string{nil, {"one:8020"}} {
		source.NameNodes = named
		if _, _, err := source.Driver(t.Context(), &v1alpha1.Workflow{}, a); code(err) != http.StatusNotImplemented || !strings.Contains(err.Error(), "--artifact-hdfs-name-nodes") {
			t.Errorf("%v: %v", named, err)
		}
	}
	source.NameNodes = []string{"two:8020", "one:8020"}
	if _, _, err := source.Driver(t.Context(), &v1alpha1.Workflow{}, a); err != nil {
		t.Error(err)
	}
}

// A location must not lead the server to itself or to a metadata service: 403, with the flag that decides.
func TestSource_Guard(t *testing.T) {
	wf := &v1alpha1.Workflow{}
	if err := json.Unmarshal([]byte(recorded), wf); err != nil {
		t.Fatal(err)
	}
	source := &Source{
		Resources: func(string) artifact.Resources { return secrets{} },
		Guard:     artifact.DenyNetworks([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}),
	}
	var guard artifact.Guard
	artifact.Register(artifact.KindGCS, func(ctx context.Context, _ *v1alpha1.ArtifactLocation, _ artifact.Resources) (artifact.Driver, error) {
		guard, _ = artifact.GuardOf(ctx)
		return nil, fmt.Errorf("connect: %w", guard(netip.MustParseAddr("127.0.0.1")))
	})
	a := &v1alpha1.Artifact{Name: "inside"}
	a.GCS = &v1alpha1.GCSArtifact{Key: "k"}
	a.GCS.Bucket, a.GCS.ServiceAccountKeySecret = "b", wf.Status.ArtifactRepositoryRef.ArtifactRepository.S3.AccessKeySecret
	_, _, err := source.Driver(t.Context(), wf, a)
	if code(err) != http.StatusForbidden || !strings.Contains(err.Error(), "127.0.0.1 is not to be connected to") || !strings.Contains(err.Error(), "--artifact-store-denied-networks") {
		t.Errorf("%v", err)
	}
}

func code(err error) int {
	if status, ok := err.(apierrors.APIStatus); ok {
		return int(status.Status().Code)
	}
	return 0
}
