package integration

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/basic"
	"fairlead.dev/fairlead/pkg/generated/clientset/versioned"
	"fairlead.dev/fairlead/pkg/registry/workflow/artifacts"
	"fairlead.dev/fairlead/test/integration/harness"
	"fairlead.dev/fairlead/test/s3server"
)

// ART-17: who may create workflows/artifacts stores a file in the namespace's repository, of any size up to the limit and more
// than objects may have, and a submission takes it as an argument.
func TestUpload_ART17(t *testing.T) {
	store := s3server.Store(t)
	bucket := v1alpha1.S3Bucket{
		Endpoint: store.Endpoint, Bucket: "artifacts", Insecure: new(true), CreateBucketIfNotPresent: &v1alpha1.CreateS3BucketOptions{},
		AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
	}
	resources := artifacttest.Resources{"s3/access": store.AccessKey, "s3/secret": store.SecretKey}
	source := &artifacts.Source{
		Resources: func(string) artifact.Resources { return resources },
		Uploads: &artifacts.Uploads{Limit: 20 << 20, Repository: func(context.Context, string, *v1alpha1.ArtifactRepositoryRef) (*v1alpha1.ArtifactRepositoryRefStatus, error) {
			return &v1alpha1.ArtifactRepositoryRefStatus{ArtifactRepository: &v1alpha1.ArtifactRepository{S3: &v1alpha1.S3ArtifactRepository{S3Bucket: bucket}}}, nil
		}},
	}
	roles := roleRules{"viewer": aggregated(t, "view"), "editor": aggregated(t, "view", "edit"), "this-one": []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.DefaultGroupName}, Verbs: []string{"create"}, Resources: []string{"workflows/artifacts"}, ResourceNames: []string{"build"}},
	}}
	server := harness.StartServer(t, harness.WithAuthorizer(authorizer.AuthorizerFunc(roles.authorize)),
		harness.WithOptions(func(o *app.Options) { o.Standalone.Artifacts = source }))
	content := make([]byte, 12<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(content)
	upload := func(user, name string, body io.Reader) (*v1alpha1.ArtifactListing, error) {
		client, err := versioned.NewForConfig(server.As(user))
		if err != nil {
			t.Fatal(err)
		}
		listing := &v1alpha1.ArtifactListing{}
		err = client.ArgoprojV1alpha1().RESTClient().Verb(http.MethodPost).Namespace(namespace).Resource("workflows").Name(name).
			SubResource("artifacts").Suffix("source.tgz").Body(body).Do(t.Context()).Into(listing)
		return listing, err
	}
	for user, refused := range map[string]bool{"viewer": true, "editor": false, "this-one": false} {
		if _, err := upload(user, "build", strings.NewReader("x")); apierrors.IsForbidden(err) != refused || err != nil && !refused {
			t.Errorf("%s: %v", user, err)
		}
	}
	if _, err := upload("this-one", "other", strings.NewReader("x")); !apierrors.IsForbidden(err) {
		t.Errorf("for something else: %v", err)
	}
	if _, err := upload("editor", "build", io.LimitReader(endless{}, 21<<20)); !apierrors.IsRequestEntityTooLargeError(err) {
		t.Errorf("beyond the limit: %v", err)
	}
	listing, err := upload("editor", "build", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	key := listing.Items[0].Key

	client := server.Client.ArgoprojV1alpha1()
	template := &v1alpha1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "build"}, Spec: newWorkflow("x").Spec}
	template.Spec.Arguments.Artifacts = v1alpha1.Artifacts{{Name: "source", ArtifactLocation: v1alpha1.ArtifactLocation{S3: &v1alpha1.S3Artifact{Key: "default"}}}}
	if _, err := client.WorkflowTemplates(namespace).Create(t.Context(), template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	wf := &v1alpha1.Workflow{}
	if err := client.RESTClient().Post().Namespace(namespace).Resource("workflowtemplates").Name("build").SubResource("submit").
		Body(&v1alpha1.SubmitOptions{Artifacts: []string{"source=" + key}}).Do(t.Context()).Into(wf); err != nil {
		t.Fatal(err)
	}
	given := wf.Spec.Arguments.Artifacts.GetArtifactByName("source")
	if given == nil || given.S3 == nil || given.S3.Key != key {
		t.Fatalf("the workflow has %+v", given)
	}
	given.S3.S3Bucket = bucket // as its repository says
	driver, err := artifact.New(t.Context(), &given.ArtifactLocation, resources)
	if err != nil {
		t.Fatal(err)
	}
	stored, _, err := driver.Open(t.Context(), given, artifact.Whole)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	if got, err := io.ReadAll(stored); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back of %d: %v", len(got), len(content), err)
	}
}

// endless is a body whose length nobody knows.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
