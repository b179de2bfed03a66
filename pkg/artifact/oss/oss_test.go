package oss_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
	_ "fairlead.dev/fairlead/pkg/artifact/oss"
)

// fake is as much of the service as the driver uses, with the bucket in the path.
type fake struct {
	artifacttest.Objects
	lock      sync.Mutex
	parts     map[string]map[int][]byte
	logins    map[string]bool
	tokens    map[string]bool
	bucket    bool
	lifecycle string
	largest   int
}

func (f *fake) fail(w http.ResponseWriter, code int, name string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(code)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message><RequestId>1</RequestId></Error>`, name)
}

var crcTable = crc64.MakeTable(crc64.ECMA)

func (f *fake) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	f.lock.Lock()
	defer f.lock.Unlock()
	f.largest = max(f.largest, len(body))
	authorization := request.Header.Get("Authorization")
	f.logins[authorization[:min(len(authorization), strings.IndexByte(authorization+":", ':'))]] = true
	f.tokens[request.Header.Get("X-Oss-Security-Token")] = true
	name, key, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/")
	query := request.URL.Query()
	has := func(parameter string) bool { _, ok := query[parameter]; return ok }
	crc := strconv.FormatUint(crc64.Checksum(body, crcTable), 10)
	switch {
	case f.Fail != 0:
		f.fail(w, f.Fail, map[int]string{403: "InvalidAccessKeyId"}[f.Fail])
	case key == "" && request.Method == http.MethodPut && has("lifecycle"):
		f.lifecycle = string(body)
	case key == "" && request.Method == http.MethodPut:
		f.bucket = true
	case !f.bucket || name != "artifacts":
		f.fail(w, 404, "NoSuchBucket")
	case has("acl"):
		fmt.Fprint(w, `<?xml version="1.0"?><AccessControlPolicy/>`)
	case has("lifecycle") && f.lifecycle == "":
		f.fail(w, 404, "NoSuchLifecycle")
	case has("lifecycle"):
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, f.lifecycle)
	case query.Get("list-type") == "2":
		f.list(w, query.Get("prefix"), query.Get("continuation-token"))
	case has("delete"):
		var list struct{ Object []struct{ Key string } }
		_ = xml.Unmarshal(body, &list)
		for _, o := range list.Object {
			f.Delete(o.Key)
		}
	case has("uploads"):
		f.parts[key] = map[int][]byte{}
		fmt.Fprintf(w, `<?xml version="1.0"?><InitiateMultipartUploadResult><Bucket>artifacts</Bucket><Key>k</Key><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
	case has("partNumber"):
		number, _ := strconv.Atoi(query.Get("partNumber"))
		f.parts[key][number] = body
		w.Header().Set("ETag", artifacttest.ETag(body))
		w.Header().Set("X-Oss-Hash-Crc64ecma", crc)
	case has("uploadId") && request.Method == http.MethodPost:
		var numbers []int
		for number := range f.parts[key] {
			numbers = append(numbers, number)
		}
		slices.Sort(numbers)
		var content []byte
		for _, number := range numbers {
			content = append(content, f.parts[key][number]...)
		}
		f.Put(key, content)
		w.Header().Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(crc64.Checksum(content, crcTable), 10))
		fmt.Fprint(w, `<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>`)
	case has("uploadId"):
		delete(f.parts, key)
		w.WriteHeader(http.StatusNoContent)
	case request.Method == http.MethodPut:
		f.Put(key, body)
		w.Header().Set("ETag", artifacttest.ETag(body))
		w.Header().Set("X-Oss-Hash-Crc64ecma", crc)
	case request.Method == http.MethodDelete:
		f.Delete(key)
		w.WriteHeader(http.StatusNoContent)
	default:
		if !f.Serve(w, request, key) {
			f.fail(w, 404, "NoSuchKey")
		}
	}
}

// list answers a page.
func (f *fake) list(w http.ResponseWriter, prefix, token string) {
	w.Header().Set("Content-Type", "application/xml")
	var contents strings.Builder
	keys, next := f.Page(prefix, token)
	for _, key := range keys {
		content, _ := f.Get(key)
		fmt.Fprintf(&contents, `<Contents><Key>%s</Key><Size>%d</Size><LastModified>%s</LastModified></Contents>`, artifacttest.XMLText(key), len(content), artifacttest.Modified.Format("2006-01-02T15:04:05.000Z"))
	}
	fmt.Fprintf(w, `<?xml version="1.0"?><ListBucketResult><Name>artifacts</Name>%s<IsTruncated>%t</IsTruncated><NextContinuationToken>%s</NextContinuationToken></ListBucketResult>`, contents.String(), next != "", next)
}

func start(t *testing.T) (*fake, func(key string) *wfv1.Artifact) {
	f := &fake{parts: map[string]map[int][]byte{}, logins: map[string]bool{}, tokens: map[string]bool{}, bucket: true}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, func(key string) *wfv1.Artifact {
		return &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{OSS: &wfv1.OSSArtifact{Key: key, OSSBucket: wfv1.OSSBucket{
			Endpoint: server.URL, Bucket: "artifacts", AccessKeySecret: artifacttest.Select("oss", "access"), SecretKeySecret: artifacttest.Select("oss", "secret"),
		}}}}
	}
}

func connect(t *testing.T, a *wfv1.Artifact) artifact.Driver {
	t.Helper()
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, artifacttest.Resources{"oss/access": "the-id\n", "oss/secret": "the-key"})
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// DRV-07: what goes over the wire.
func TestStore(t *testing.T) {
	f, at := start(t)
	artifacttest.ObjectStore(t, connect(t, at("")), at)
	// Requests that were given up may still be under way.
	f.lock.Lock()
	defer f.lock.Unlock()
	if len(f.logins) != 1 || !f.logins["OSS the-id"] {
		t.Errorf("logins: %v", f.logins)
	}
	if f.largest > 8<<20 {
		t.Errorf("a request had a body of %d bytes", f.largest)
	}
	if len(f.parts["partial"]) != 0 {
		t.Error("the parts of an upload that failed stay")
	}
}

// DRV-07: createBucketIfNotPresent, lifecycleRule (rules of others stay) and securityToken.
func TestBucketOptions(t *testing.T) {
	f, at := start(t)
	f.bucket = false
	a := at("x")
	err := connect(t, a).SaveStream(context.Background(), a, strings.NewReader("x"))
	if err == nil || !strings.Contains(err.Error(), `bucket "artifacts" does not exist`) || artifact.Transient(err) {
		t.Error(err)
	}
	a.OSS.CreateBucketIfNotPresent, a.OSS.SecurityToken = true, "the-token"
	a.OSS.LifecycleRule = &wfv1.OSSLifecycleRule{MarkInfrequentAccessAfterDays: 10, MarkDeletionAfterDays: 30}
	f.lifecycle = `<LifecycleConfiguration><Rule><ID>theirs</ID><Prefix>logs/</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule><Rule><ID>fairlead</ID><Prefix></Prefix><Status>Enabled</Status><Expiration><Days>99</Days></Expiration></Rule></LifecycleConfiguration>`
	if err := connect(t, a).SaveStream(context.Background(), a, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if !f.tokens["the-token"] {
		t.Error("the security token was not sent")
	}
	for _, want := range []string{"<ID>theirs</ID>", "<ID>fairlead</ID>", "<Days>30</Days>", "<Days>10</Days>", "<StorageClass>IA</StorageClass>"} {
		if !strings.Contains(f.lifecycle, want) {
			t.Errorf("%s is missing in %s", want, f.lifecycle)
		}
	}
	if strings.Contains(f.lifecycle, "99") {
		t.Errorf("the old rule of ours stays: %s", f.lifecycle)
	}
	a.OSS.LifecycleRule.MarkInfrequentAccessAfterDays = 40
	if err := connect(t, a).SaveStream(context.Background(), a, strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "less than") {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	f, at := start(t)
	artifacttest.Answers(t, &f.Objects, func() error {
		return connect(t, at("x")).Load(context.Background(), at("x"), filepath.Join(t.TempDir(), "x"))
	}, "the-key")
	a := at("x")
	a.OSS.SecretKeySecret = nil
	if _, err := artifact.New(context.Background(), &a.ArtifactLocation, artifacttest.Resources{"oss/access": "x"}); err == nil || !strings.Contains(err.Error(), "useSDKCreds") {
		t.Error(err)
	}
}

// DRV-07: useSDKCreds with the token of a service account.
func TestWebIdentity(t *testing.T) {
	f, at := start(t)
	var form string
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_ = request.ParseForm()
		form = request.Form.Encode()
		fmt.Fprint(w, `{"Credentials":{"AccessKeyId":"role-id","AccessKeySecret":"role-key","SecurityToken":"role-token","Expiration":"2100-01-01T00:00:00Z"}}`)
	}))
	defer sts.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"OSS_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/x", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/y",
		"ALIBABA_CLOUD_OIDC_TOKEN_FILE": token, "ALIBABA_CLOUD_STS_ENDPOINT": sts.URL,
	} {
		t.Setenv(name, value)
	}
	a := at("x")
	a.OSS.UseSDKCreds, a.OSS.AccessKeySecret, a.OSS.SecretKeySecret = true, nil, nil
	if err := connect(t, a).SaveStream(context.Background(), a, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if !f.logins["OSS role-id"] || !f.tokens["role-token"] || !strings.Contains(form, "OIDCToken=jwt") {
		t.Errorf("logins %v, form %s", f.logins, form)
	}
}

// A bucket may be anywhere a user says: its lists take no more memory than lists do.
func TestEndlessLists(t *testing.T) {
	_, at := start(t)
	artifacttest.EndlessLists(t, `<ListBucketResult>`, `<Contents/>`, func(endpoint string) (artifact.Driver, *wfv1.Artifact) {
		a := at("x")
		a.OSS.Endpoint = endpoint
		return connect(t, a), a
	})
}
