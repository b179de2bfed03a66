package all_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	_ "fairlead.dev/fairlead/pkg/artifact/all"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// Every driver that connects where a location says, asks the guard first.
func TestGuard(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	var networks []netip.Prefix
	for _, n := range artifact.LocalNetworks() {
		networks = append(networks, netip.MustParsePrefix(n))
	}
	ctx := artifact.WithGuard(t.Context(), artifact.DenyNetworks(networks))
	insecure, login := true, artifacttest.Select("s", "k")
	resources := artifacttest.Resources{
		"s/k": "a2V5", "s/token": `{"type":"service_account","client_email":"a@b","token_uri":"` + server.URL + `","private_key":"x"}`,
		"krb/conf": "[libdefaults]\n default_realm = R\n[realms]\n R = {\n  kdc = " + host + "\n }\n", "krb/lookup": "[libdefaults]\n dns_lookup_kdc = true\n",
	}
	kerberos := func(conf string) *wfv1.HDFSArtifact {
		a := &wfv1.HDFSArtifact{Path: "/k"}
		a.Addresses, a.KrbServicePrincipalName, a.KrbKeytabSecret = []string{host}, "nn/_HOST", login
		a.KrbUsername, a.KrbRealm, a.KrbConfigConfigMap = "u", "R", artifacttest.SelectConfigMap("krb", conf)
		return a
	}
	plain := &wfv1.HDFSArtifact{Path: "/k"}
	plain.Addresses, plain.HDFSUser = []string{host}, "u"
	s3 := wfv1.S3Bucket{Endpoint: host, Bucket: "bucket", Insecure: &insecure, Region: "us-east-1", AccessKeySecret: login, SecretKeySecret: login}
	role := s3
	role.RoleARN = "arn:aws:iam::1:role/r"
	for name, l := range map[string]wfv1.ArtifactLocation{
		"s3":       {S3: &wfv1.S3Artifact{S3Bucket: s3, Key: "k"}},
		"s3 role":  {S3: &wfv1.S3Artifact{S3Bucket: role, Key: "k"}},
		"oss":      {OSS: &wfv1.OSSArtifact{OSSBucket: wfv1.OSSBucket{Endpoint: server.URL, Bucket: "bucket", AccessKeySecret: login, SecretKeySecret: login}, Key: "k"}},
		"azure":    {Azure: &wfv1.AzureArtifact{AzureBlobContainer: wfv1.AzureBlobContainer{Endpoint: server.URL + "/account", ContainerName: "c", AccountKeySecret: login}, Blob: "k"}},
		"gcs":      {GCS: &wfv1.GCSArtifact{GCSBucket: wfv1.GCSBucket{Bucket: "b", ServiceAccountKeySecret: artifacttest.Select("s", "token")}, Key: "k"}},
		"hdfs":     {HDFS: plain},
		"kerberos": {HDFS: kerberos("conf")},
		"lookup":   {HDFS: kerberos("lookup")},
		"http":     {HTTP: &wfv1.HTTPArtifact{URL: server.URL}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			driver, err := artifact.New(ctx, &l, resources)
			if err == nil {
				_, _, err = driver.Open(ctx, &wfv1.Artifact{ArtifactLocation: l}, artifact.Whole)
			}
			if err == nil || !errors.Is(err, artifact.ErrForbiddenAddress) && name != "lookup" && name != "hdfs" || artifact.Transient(err) {
				t.Errorf("%v (transient: %t)", err, artifact.Transient(err))
			}
		})
	}
	t.Cleanup(func() {
		if n := asked.Load(); n > 0 {
			t.Errorf("the server was asked %d times", n)
		}
	})
}
