//go:build e2e

package e2e

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// uploadPart is how many bytes every part of an upload but the last has.
const uploadPart = 5 << 20

// A file that comes in parts, the last one first, is no file before it is complete, and then one that a workflow takes by its key
// (ART-15).
func TestUploadInParts(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	send := func(body []byte, query ...string) (*v1alpha1.ArtifactListing, error) {
		listing := &v1alpha1.ArtifactListing{}
		r := fairlead.ArgoprojV1alpha1().RESTClient().Post().Namespace(ns).Resource("workflows").Name("takes").SubResource("artifacts").Suffix("large.txt").
			SetHeader("Content-Type", "application/octet-stream")
		for i := 0; i < len(query); i += 2 {
			r = r.Param(query[i], query[i+1])
		}
		return listing, r.Body(body).Do(t.Context()).Into(listing)
	}
	begun, err := send(nil, "upload", "new")
	if err != nil || len(begun.Items) != 1 || begun.Items[0].Upload == "" {
		t.Fatalf("upload=new: %v, %+v", err, begun)
	}
	upload, end := begun.Items[0].Upload, []byte("the end")
	if _, err := send(end, "upload", upload, "offset", strconv.Itoa(uploadPart)); err != nil {
		t.Fatalf("second part: %v", err)
	}
	size := strconv.Itoa(uploadPart + len(end))
	if _, err := send(nil, "upload", upload, "complete", size); err == nil {
		t.Error("completed without the first part")
	}
	if _, err := send(bytes.Repeat([]byte("x"), uploadPart), "upload", upload, "offset", "0"); err != nil {
		t.Fatalf("first part: %v", err)
	}
	done, err := send(nil, "upload", upload, "complete", size)
	if err != nil || len(done.Items) != 1 || !strings.HasPrefix(done.Items[0].Key, "uploads/"+ns+"/") {
		t.Fatalf("complete: %v, %+v", err, done)
	}
	name := create(t, ns, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: takes}
spec:
  entrypoint: main
  arguments: {artifacts: [{name: file, s3: {key: "`+done.Items[0].Key+`"}}]}
  templates:
  - name: main
    inputs: {artifacts: [{name: file, path: /in/file}]}
    container: {image: busybox, command: [sh, -c, "echo $(wc -c < /in/file) bytes, x$(tail -c 7 /in/file)"]}
`)
	awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	if got := kubectl(t, "get", "--raw", logPath(ns, name)); got != size+" bytes, xthe end\n" {
		t.Errorf("the step saw %q", got)
	}
}
