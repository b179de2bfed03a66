package s3

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// recorder answers every request with an empty object, and requests for a role with credentials.
type recorder struct {
	sync.Mutex
	requests []*http.Request
	forms    []url.Values
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.Lock()
	defer r.Unlock()
	if request.Method == http.MethodPost {
		_ = request.ParseForm()
		r.forms = append(r.forms, request.Form)
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>role-id</AccessKeyId><SecretAccessKey>role-key</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>`+
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}
	r.requests = append(r.requests, request)
}

func (r *recorder) last() *http.Request {
	r.Lock()
	defer r.Unlock()
	return r.requests[len(r.requests)-1]
}

var testResources = artifacttest.Resources{"s3/access": "the-id", "s3/secret": "the-key", "s3/token": "the-token\n"}

// DRV-01: which credentials a request is signed with: keys, keys with a session token, the environment, a role.
func TestCredentials(t *testing.T) {
	server := &recorder{}
	listener := httptest.NewServer(server)
	defer listener.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "env-id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "env-key")
	keys := wfv1.S3Bucket{AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret")}
	for name, test := range map[string]struct {
		change    func(b *wfv1.S3Bucket)
		id, token string
		assumedBy string
	}{
		"keys":          {func(*wfv1.S3Bucket) {}, "the-id", "", ""},
		"session token": {func(b *wfv1.S3Bucket) { b.SessionTokenSecret = artifacttest.Select("s3", "token") }, "the-id", "the-token", ""},
		"environment":   {func(b *wfv1.S3Bucket) { *b = wfv1.S3Bucket{UseSDKCreds: true} }, "env-id", "", ""},
		"role of keys":  {func(b *wfv1.S3Bucket) { b.RoleARN = "arn:aws:iam::1:role/x" }, "role-id", "role-token", "the-id"},
		"role of the environment": {func(b *wfv1.S3Bucket) {
			*b = wfv1.S3Bucket{UseSDKCreds: true, RoleARN: "arn:aws:iam::1:role/x"}
		}, "role-id", "role-token", "env-id"},
	} {
		t.Run(name, func(t *testing.T) {
			bucket := keys
			test.change(&bucket)
			bucket.Endpoint, bucket.Insecure, bucket.Bucket, bucket.Region = strings.TrimPrefix(listener.URL, "http://"), ptr.To(true), "artifacts", "eu-north-1"
			a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{S3: &wfv1.S3Artifact{S3Bucket: bucket, Key: "key"}}}
			driver, err := artifact.New(context.Background(), &a.ArtifactLocation, testResources)
			if err != nil {
				t.Fatal(err)
			}
			if err := driver.SaveStream(context.Background(), a, strings.NewReader("x")); err != nil {
				t.Fatal(err)
			}
			request := server.last()
			if got := request.Header.Get("Authorization"); !strings.Contains(got, "Credential="+test.id+"/") || !strings.Contains(got, "/eu-north-1/s3/") {
				t.Errorf("signed as %s", got)
			}
			if got := request.Header.Get("X-Amz-Security-Token"); got != test.token {
				t.Errorf("token %q", got)
			}
			if test.assumedBy == "" {
				return
			}
			form := server.forms[len(server.forms)-1]
			if form.Get("Action") != "AssumeRole" || form.Get("RoleArn") != bucket.RoleARN {
				t.Errorf("%v", form)
			}
			for _, request := range server.requests {
				if request.Method == http.MethodPost && !strings.Contains(request.Header.Get("Authorization"), "Credential=") {
					t.Errorf("the request for the role is not signed")
				}
			}
		})
	}
}

func TestSTSEndpoint(t *testing.T) {
	none := func(string) string { return "" }
	for _, test := range []struct {
		bucket wfv1.S3Bucket
		secure bool
		getenv func(string) string
		want   string
	}{
		{wfv1.S3Bucket{Endpoint: "s3.amazonaws.com"}, true, none, "https://sts.amazonaws.com"},
		{wfv1.S3Bucket{Endpoint: "s3.amazonaws.com", Region: "eu-west-1"}, true, none, "https://sts.eu-west-1.amazonaws.com"},
		{wfv1.S3Bucket{Endpoint: "s3.eu-central-1.amazonaws.com"}, true, none, "https://sts.eu-central-1.amazonaws.com"},
		{wfv1.S3Bucket{Endpoint: "minio:9000"}, false, none, "http://minio:9000"},
		{wfv1.S3Bucket{Endpoint: "minio:9000"}, true, func(string) string { return "https://sts.example.com" }, "https://sts.example.com"},
	} {
		if got := stsEndpoint(&test.bucket, test.secure, test.getenv); got != test.want {
			t.Errorf("%+v: %s, want %s", test.bucket, got, test.want)
		}
	}
}

// DRV-01: addressingStyle decides where the bucket stands in URLs.
func TestAddressingStyle(t *testing.T) {
	for style, want := range map[string]string{
		"": "https://s3.example.com/artifacts/key", "auto": "https://s3.example.com/artifacts/key", "path": "https://s3.example.com/artifacts/key",
		"virtual-hosted": "https://artifacts.s3.example.com/key",
	} {
		b, err := newBucket(context.Background(), &wfv1.S3Bucket{
			Endpoint: "s3.example.com", Bucket: "artifacts", Region: "x", AddressingStyle: style,
			AccessKeySecret: artifacttest.Select("s3", "access"), SecretKeySecret: artifacttest.Select("s3", "secret"),
		}, testResources)
		if err != nil {
			t.Fatal(err)
		}
		u, err := b.client.PresignedGetObject(context.Background(), "artifacts", "key", time.Hour, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(u.String(), "?"); got != want {
			t.Errorf("%q: %s, want %s", style, got, want)
		}
	}
}

// Issue 4: parts are fixed for what is in memory, and never more than S3 takes; Argo's variables change them.
func TestUploadSettings(t *testing.T) {
	settings, err := uploadSettings(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int64]uint64{0: 16 << 20, 1 << 30: 16 << 20, 160000 << 20: 16 << 20, 160000<<20 + 1: 17 << 20, 5 << 40: 525 << 20} {
		options := settings.file(size)
		if options.PartSize != want || uint64(size) > options.PartSize*maxParts {
			t.Errorf("%d bytes: parts of %d", size, options.PartSize)
		}
		if options.DisableContentSha256 != (size == 0) {
			t.Errorf("%d bytes: DisableContentSha256=%t", size, options.DisableContentSha256)
		}
	}
	for _, test := range []struct{ mib, threads, want string }{
		{"64", "8", ""}, {"4", "", "PART_SIZE_MIB=4 must"}, {"x", "", "PART_SIZE_MIB=x must"}, {"", "0", "THREADS=0 must"}, {"", "many", "THREADS=many must"},
	} {
		settings, err := uploadSettings(func(name string) string {
			return map[string]string{"ARTIFACT_S3_UPLOAD_PART_SIZE_MIB": test.mib, "ARTIFACT_S3_UPLOAD_THREADS": test.threads}[name]
		})
		switch {
		case test.want == "" && (err != nil || settings.stream().PartSize != 64<<20 || settings.file(1).PartSize != 64<<20 || settings.threads != 8):
			t.Errorf("%+v, %v", settings, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: %v", test, err)
		}
	}
}
