package artifacts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// partial is the store in memory, in parts.
var partial = map[string]map[int]string{}

// BeginParts implements artifact.Parts.
func (s *store) BeginParts(_ context.Context, a *v1alpha1.Artifact) (string, error) {
	id := fmt.Sprintf("%s.%d/+", a.S3.Bucket, len(partial)) // stores call them what they like
	partial[a.S3.Key+id] = map[int]string{}
	return id, nil
}

// PutPart implements artifact.Parts.
func (s *store) PutPart(_ context.Context, a *v1alpha1.Artifact, id string, number int, content io.ReadSeeker, size int64) error {
	parts := partial[a.S3.Key+id]
	if parts == nil {
		return artifact.NotFound("no upload %s", id)
	}
	text, err := io.ReadAll(content)
	if int64(len(text)) != size {
		return fmt.Errorf("%d bytes of %d", len(text), size)
	}
	parts[number] = string(text)
	return err
}

// CompleteParts implements artifact.Parts.
func (s *store) CompleteParts(_ context.Context, a *v1alpha1.Artifact, id string, size int64) error {
	whole := ""
	for n := range len(partial[a.S3.Key+id]) {
		whole += partial[a.S3.Key+id][n+1]
	}
	if int64(len(whole)) != size {
		return fmt.Errorf("%w: %d", artifact.ErrIncomplete, len(whole))
	}
	s.objects[a.S3.Bucket+":"+a.S3.Key] = whole
	return nil
}

// AbortParts implements artifact.Parts.
func (s *store) AbortParts(_ context.Context, a *v1alpha1.Artifact, id string) error {
	delete(partial, a.S3.Key+id)
	return nil
}

// ART-17: a file that comes in parts, each within the minute that a request has.
func TestUploadInParts(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	codec := runtime.NewParameterCodec(scheme)
	source := uploading(secrets{}, nil)
	source.Uploads.Limit = 2*artifact.PartSize + 10
	send := func(query string, body io.Reader) (int, string, *v1alpha1.ArtifactEntry) {
		t.Helper()
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		options := v1alpha1.ArtifactOptions{}
		if err := codec.DecodeParameters(values, v1alpha1.SchemeGroupVersion, &options); err != nil {
			t.Fatal(err)
		}
		options.Path = "report.csv"
		answer := post(t, source, "ns", options, "", body)
		listing := &v1alpha1.ArtifactListing{}
		if answer.Code == http.StatusCreated {
			if err := json.Unmarshal(answer.Body.Bytes(), listing); err != nil || len(listing.Items) != 1 {
				t.Fatalf("%s: %v", answer.Body, err)
			}
			return answer.Code, "", &listing.Items[0]
		}
		return answer.Code, answer.Body.String(), nil
	}
	code, said, begun := send("upload=new", http.NoBody)
	if code != http.StatusCreated || begun.Upload == "" {
		t.Fatalf("%d %s", code, said)
	}
	upload := "upload=" + url.QueryEscape(begun.Upload)
	full := strings.Repeat("x", artifact.PartSize)
	for _, tc := range []struct {
		query, body string
		code        int
		said        string
	}{
		{upload + "&offset=5242880", "the end", 201, ""},
		{upload + "&complete=5242887", "", 409, "not the whole"},
		{upload + "&offset=0", full[1:], 201, ""},
		{upload + "&complete=5242887", "", 409, "not the whole"},
		{upload + "&offset=0", full, 201, ""}, // in the place of the short one
		{upload + "&offset=7", "x", 400, "multiple"},
		{upload + "&offset=0", "", 400, "empty"},
		{upload + "&offset=0", full + "x", 413, "at most 5242880 bytes"},
		{upload + "&offset=10485760", "more than ten bytes", 413, "--artifact-upload-limit"},
		{upload + "&offset=9223372036851630080", "x", 413, "--artifact-upload-limit"},
		{upload + "&complete=99999999", "", 413, "--artifact-upload-limit"},
		{upload, "x", 400, "goes on with one of"},
		{upload + "&offset=0&abort", "x", 400, "goes on with one of"},
		{"offset=0", "x", 400, "upload=new"},
		{"upload=new&offset=0", "x", 400, "goes on with one of"},
		{upload + "&complete=0", "", 400, "at least 1"},
		{"upload=../../other.1&offset=0", "x", 400, "upload=new"},
		// Stores that keep objects as files take the name for a part of a path: this would be all that the store has.
		{upload[:strings.Index(upload, ".")] + "." + url.QueryEscape("../../../..") + "&abort", "", 400, "upload=new"},
		{upload[:strings.Index(upload, ".")] + "." + url.QueryEscape("x/../../other") + "&complete=1", "", 400, "upload=new"},
		{upload[:strings.Index(upload, ".")] + "." + url.QueryEscape(`x\..\..`) + "&abort", "", 400, "upload=new"},
		{upload[:strings.Index(upload, ".")] + "." + url.QueryEscape("/") + "&abort", "", 400, "upload=new"},
		{upload[:strings.Index(upload, ".")] + ".%00&abort", "", 400, "upload=new"},
		{"upload=00000000-0000-0000-0000-000000000000.x&offset=0", "x", 404, "no upload x"},
	} {
		if code, said, _ := send(tc.query, strings.NewReader(tc.body)); code != tc.code || !strings.Contains(said, tc.said) {
			t.Errorf("%s: %d %s", tc.query, code, said)
		}
		if len(memory.objects) > 0 {
			t.Errorf("%s: a file is there before it is complete", tc.query)
		}
	}
	if code, said, _ := send(upload+"&offset=0", io.MultiReader(strings.NewReader("half"), broken{})); code != http.StatusServiceUnavailable || !strings.Contains(said, "the part at 0 broke off") {
		t.Errorf("a part that breaks off: %d %s", code, said)
	}
	code, said, stored := send(upload+"&complete=5242887", http.NoBody)
	if code != http.StatusCreated || stored.Key != begun.Key || *stored.Size != 5242887 || stored.Upload != "" {
		t.Fatalf("%d %s %+v", code, said, stored)
	}
	if got := memory.objects["default:"+begun.Key]; !bytes.Equal([]byte(got), []byte(full+"the end")) {
		t.Errorf("%d bytes are stored", len(got))
	}
	if code, said, _ := send(upload+"&abort", http.NoBody); code != http.StatusCreated || len(partial[begun.Key]) > 0 {
		t.Errorf("%d %s", code, said)
	}
}

// Stores that take no parts say so, and clients send the file with one request then.
func TestUploadInParts_NotSupported(t *testing.T) {
	answer := post(t, uploading(secrets{}, nil), "ns", v1alpha1.ArtifactOptions{Path: "report.csv", Upload: beginUpload, ConfigMap: "whole", Key: "only"}, "", http.NoBody)
	if answer.Code != http.StatusNotImplemented || !strings.Contains(answer.Body.String(), "saving in parts is not supported by s3 artifacts") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
