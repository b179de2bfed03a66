package s3_test

import (
	"strings"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	"fairlead.dev/fairlead/test/s3server"
)

// DRV-01, ART-11: credentials that end by themselves, from a server that really hands them out: by roleARN, as a session token
// in a Secret, and from the pod's environment.
func TestTemporaryCredentials(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: MinIO (hack/tools/minio), which hands out credentials, is not started")
	}
	server := s3server.MinIO(t)
	must(t, driverFor(t, server, at(server, "x")).SaveStream(t.Context(), at(server, "first"), strings.NewReader("x")))
	sts, err := credentials.NewSTSAssumeRole("http://"+server.Endpoint, credentials.STSAssumeRoleOptions{AccessKey: server.AccessKey, SecretKey: server.SecretKey, Location: "us-east-1"})
	must(t, err)
	own, err := sts.GetWithContext(&credentials.CredContext{})
	must(t, err)
	if own.SessionToken == "" {
		t.Fatal("the server hands out no session token: nothing would be tested")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", own.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", own.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", own.SessionToken)
	session := resources(server)
	session["s3/access"], session["s3/secret"], session["s3/token"] = own.AccessKeyID, own.SecretAccessKey, own.SessionToken
	for name, test := range map[string]struct {
		change    func(*wfv1.S3Bucket)
		resources artifacttest.Resources
		refused   bool
	}{
		"roleARN":               {change: func(b *wfv1.S3Bucket) { b.RoleARN = "arn:aws:iam::1:role/any" }, resources: resources(server)},
		"session token":         {change: func(b *wfv1.S3Bucket) { b.SessionTokenSecret = artifacttest.Select("s3", "token") }, resources: session},
		"without session token": {change: func(*wfv1.S3Bucket) {}, resources: session, refused: true},
		"useSDKCreds": {change: func(b *wfv1.S3Bucket) {
			b.UseSDKCreds, b.AccessKeySecret, b.SecretKeySecret = true, nil, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := at(server, "temporary")
			a.S3.CreateBucketIfNotPresent = nil
			test.change(&a.S3.S3Bucket)
			driver, err := artifact.New(t.Context(), &a.ArtifactLocation, test.resources)
			must(t, err)
			err = driver.SaveStream(t.Context(), a, strings.NewReader("x"))
			if (err != nil) != test.refused || artifact.Transient(err) {
				t.Errorf("refused: %t; got %v", test.refused, err)
			}
		})
	}
}
