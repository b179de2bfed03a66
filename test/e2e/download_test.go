//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

const keptManifest = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: kept}
spec:
  entrypoint: main
  archiveLogs: true
  podGC: {strategy: OnPodCompletion}
  templates:
  - name: main
    script:
      image: busybox
      command: [sh, -e]
      source: |
        echo first; echo second >&2
        mkdir -p /tmp/tree/sub; echo deep > /tmp/tree/sub/file; seq 1 1000 > /tmp/numbers
    outputs:
      artifacts:
      - {name: numbers, path: /tmp/numbers, archive: {none: {}}}
      - {name: tree, path: /tmp/tree, archive: {none: {}}}
`

// ART-13, ART-18, PGC-03: what a step left is had from the API when its pod is gone: files whole and in parts, directories, its log.
func TestWhatAPodLeftIsServed(t *testing.T) {
	t.Parallel()
	needStore(t)
	ns := newNamespace(t)
	name := create(t, ns, keptManifest)
	wf := awaitEnd(t, ns, name, v1alpha1.WorkflowSucceeded)
	node := nodeNamed(t, wf, name)
	eventually(t, "the pod is gone", func(ctx context.Context) (bool, string, error) {
		_, err := kube.CoreV1().Pods(ns).Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), "", nil
	})

	path := strings.TrimSuffix(logPath(ns, name), "log")
	// Output and errors come through pipes of their own: which of two lines is first is not certain.
	if log := kubectl(t, "get", "--raw", path+"log"); log != "first\nsecond\n" && log != "second\nfirst\n" {
		t.Errorf("log: %q", log)
	}
	get := func(path string, header ...string) (string, int) {
		t.Helper()
		request := fairlead.ArgoprojV1alpha1().RESTClient().Get().AbsPath(path)
		for i := 0; i+1 < len(header); i += 2 {
			request.SetHeader(header[i], header[i+1])
		}
		var code int
		result := request.Do(t.Context()).StatusCode(&code)
		body, err := result.Raw()
		if err != nil && code < 400 {
			t.Fatal(err)
		}
		return string(body), code
	}
	numbers := path + "artifacts/" + node.ID + "/numbers"
	whole, code := get(numbers)
	if code != 200 || len(whole) != 3893 || !strings.HasSuffix(whole, "\n1000\n") {
		t.Errorf("%d, %d bytes", code, len(whole))
	}
	if part, code := get(numbers, "Range", "bytes=3888-"); code != 206 || part != "1000\n" {
		t.Errorf("a part: %d %q", code, part)
	}
	if file, code := get(path + "artifacts/" + node.ID + "/tree/sub/file"); code != 200 || file != "deep\n" {
		t.Errorf("a file of a directory: %d %q", code, file)
	}
	if listing, code := get(path + "artifacts/" + node.ID + "/tree"); code != 200 || !strings.Contains(listing, `"name":"sub/file"`) {
		t.Errorf("a directory: %d %s", code, listing)
	}
	if listing, code := get(path + "artifacts"); code != 200 || !strings.Contains(listing, `"name":"main-logs"`) || !strings.Contains(listing, `"name":"numbers"`) {
		t.Errorf("all artifacts: %d %s", code, listing)
	}
	if answer, code := get(path + "artifacts/" + node.ID + "/other"); code != 404 || !strings.Contains(answer, "it has: numbers, tree, main-logs") {
		t.Errorf("no such artifact: %d %s", code, answer)
	}
}
