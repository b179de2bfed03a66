package integration

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/apiserver"
	"fairlead.dev/fairlead/test/integration/harness"
)

// send makes one request and returns the answer as it is.
func send(t *testing.T, server *harness.Server, method, url, contentType string, body io.Reader) (int, []byte) {
	t.Helper()
	client, err := rest.HTTPClientFor(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, server.Config.Host+url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func asStatus(t *testing.T, answer []byte) *metav1.Status {
	t.Helper()
	object, err := runtime.Decode(apiserver.Codecs.UniversalDeserializer(), answer)
	if err != nil {
		t.Fatalf("the answer is no Status: %s", answer)
	}
	status, ok := object.(*metav1.Status)
	if !ok {
		t.Fatalf("the answer is a %T: %s", object, answer)
	}
	return status
}

// Whatever a client sends, it gets a Status that says what is wrong and where, and nothing is stored.
func TestBadInput(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	apiVersion := v1alpha1.SchemeGroupVersion.String()
	workflow := func(spec string) string {
		return fmt.Sprintf(`{"apiVersion": %q, "kind": "Workflow", "metadata": {"name": "bad"}, "spec": %s}`, apiVersion, spec)
	}
	const valid = `{"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox"}}]}`
	collection := path("workflows")
	strict := collection + "?fieldValidation=Strict"

	tests := []struct {
		name, method, url, contentType, body string
		code                                 int32
		reason                               metav1.StatusReason
		message                              []string
	}{
		{
			name: "V-116 V-214 unknown field", method: "POST", url: strict,
			body: workflow(`{"entrypoint": "main", "templates": [{"name": "main", "container": {"image": "busybox", "comand": ["x"]}}]}`),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{`unknown field "spec.templates[0].container.comand"; did you mean "command"?`},
		},
		{
			name: "field given twice", method: "POST", url: strict, body: workflow(`{"entrypoint": "main", "entrypoint": "other", "templates": []}`),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{`duplicate field "spec.entrypoint"`},
		},
		{
			name: "wrong type", method: "POST", url: collection, body: workflow(`{"entrypoint": "main", "templates": "none"}`),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{`Workflow in version "v1alpha1" cannot be handled as a Workflow: spec.templates: must be a list, and is the text "none"`},
		},
		{
			name: "wrong types inside of steps", method: "POST", url: strict,
			body: workflow(`{"entrypoint": true, "templates": [{"name": "main", "steps": [[{"name": "a", "arguments": "x"}, "b"]]}]}`),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{
				"spec.entrypoint: must be text, and is the boolean true", "; spec.templates[0].steps[0][0].arguments: must be an object", "; spec.templates[0].steps[0][1]: must be an object"},
		},
		{
			name: "wrong type in YAML", method: "POST", url: collection, contentType: "application/yaml",
			body: "apiVersion: " + apiVersion + "\nkind: Workflow\nmetadata: {name: bad}\nspec: {parallelism: many}\n",
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{`spec.parallelism: must be a whole number, and is the text "many"`},
		},
		{
			name: "V-116 unknown field of a step, of a lenient client", method: "POST", url: collection,
			body: workflow(`{"entrypoint": "main", "templates": [{"name": "main", "steps": [[{"name": "a", "templat": "x"}]]}]}`),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{"spec.templates[0].steps[0][0].templat: unknown field"},
		},
		{
			name: "wrong type in the body of a verb", method: "POST", url: path("workflows", "any", "stop"), body: `{"message": 5}`,
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{"message: must be text, and is the number 5"},
		},
		{
			name: "missing template", method: "POST", url: collection, body: workflow(`{"entrypoint": "nowhere", "templates": [{"name": "main", "container": {"image": "busybox"}}]}`),
			code: 422, reason: metav1.StatusReasonInvalid, message: []string{"spec.entrypoint", "nowhere"},
		},
		{
			name: "V-237 no name", method: "POST", url: collection,
			body: fmt.Sprintf(`{"apiVersion": %q, "kind": "Workflow", "spec": %s}`, apiVersion, valid),
			code: 422, reason: metav1.StatusReasonInvalid, message: []string{"metadata.name", "generateName"},
		},
		{
			name: "malformed JSON", method: "POST", url: collection, body: `{"apiVersion": `,
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{"Workflow"},
		},
		{name: "no JSON object", method: "POST", url: collection, body: `[1, 2]`, code: 400, reason: metav1.StatusReasonBadRequest},
		{name: "V-231 empty body", method: "POST", url: collection, body: ``, code: 400, reason: metav1.StatusReasonBadRequest},
		{
			name: "malformed YAML", method: "POST", url: collection, contentType: "application/yaml", body: "a: [",
			code: 400, reason: metav1.StatusReasonBadRequest,
		},
		{
			name: "another kind", method: "POST", url: collection,
			body: fmt.Sprintf(`{"apiVersion": %q, "kind": "CronWorkflow", "metadata": {"name": "bad"}}`, apiVersion),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{"CronWorkflow"},
		},
		{
			name: "V-230 another namespace", method: "POST", url: collection,
			body: fmt.Sprintf(`{"apiVersion": %q, "kind": "Workflow", "metadata": {"name": "bad", "namespace": "other"}, "spec": %s}`, apiVersion, valid),
			code: 400, reason: metav1.StatusReasonBadRequest, message: []string{"namespace"},
		},
		{
			name: "unknown content type", method: "POST", url: collection, contentType: "text/plain", body: workflow(valid),
			code: 415, reason: metav1.StatusReasonUnsupportedMediaType,
		},
		{name: "unknown resource", method: "GET", url: path("workfloows"), code: 404, reason: metav1.StatusReasonNotFound},
		{name: "unknown object", method: "GET", url: path("workflows", "nothing"), code: 404, reason: metav1.StatusReasonNotFound, message: []string{`"nothing" not found`}},
		{name: "unknown subresource", method: "GET", url: path("workflows", "nothing", "frobnicate"), code: 404, reason: metav1.StatusReasonNotFound},
		{name: "wrong verb", method: "PUT", url: path("workflows", "nothing", "log"), body: `{}`, code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		{name: "POST to an object", method: "POST", url: path("workflows", "nothing"), body: `{}`, code: 405, reason: metav1.StatusReasonMethodNotAllowed},
		{
			name: "field selector", method: "GET", url: collection + "?fieldSelector=spec.bogus%3Dx", code: 400, reason: metav1.StatusReasonBadRequest,
			message: []string{"spec.bogus", "status.phase"},
		},
		{name: "label selector", method: "GET", url: collection + "?labelSelector=%3D%3D", code: 400, reason: metav1.StatusReasonBadRequest},
		{name: "log of nothing", method: "GET", url: path("workflows", "nothing", "log"), code: 404, reason: metav1.StatusReasonNotFound},
		{
			name: "body over the limit", method: "POST", url: collection, body: workflow(`{"entrypoint": "main", "templates": [{"name": "main", "script": {"image": "busybox", "source": "` + strings.Repeat("x", 5_000_000) + `"}}]}`),
			code: 413, reason: metav1.StatusReasonRequestEntityTooLarge, message: []string{"4 MiB", "workflows/{name}/nodes", "artifacts"},
		},
		{
			name: "patch over the limit", method: "PATCH", url: path("workflows", "nothing"), contentType: "application/merge-patch+json",
			body: `{"metadata": {"annotations": {"x": "` + strings.Repeat("x", 5_000_000) + `"}}}`,
			code: 413, reason: metav1.StatusReasonRequestEntityTooLarge, message: []string{"workflows/{name}/nodes"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			contentType := test.contentType
			if contentType == "" && test.method != "GET" {
				contentType = "application/json"
			}
			code, answer := send(t, server, test.method, test.url, contentType, strings.NewReader(test.body))
			status := asStatus(t, answer)
			if int32(code) != test.code || status.Code != test.code || status.Reason != test.reason {
				t.Errorf("answer %d, status %d %s, want %d %s: %s", code, status.Code, status.Reason, test.code, test.reason, status.Message)
			}
			for _, want := range test.message {
				if !strings.Contains(status.Message, want) {
					t.Errorf("message lacks %q: %s", want, status.Message)
				}
			}
		})
	}

	list, err := server.Client.ArgoprojV1alpha1().Workflows(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%d workflows are stored, %v", len(list.Items), err)
	}
}

// A body of exactly the limit is read, and is then as good or bad as its content.
func TestBodyLimitIsExact(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	for _, size := range []int{4 << 20, 4<<20 + 1} {
		body := []byte(`{"apiVersion": "` + v1alpha1.SchemeGroupVersion.String() + `", "kind": "Workflow"}`)
		body = append(body, bytes.Repeat([]byte(" "), size-len(body))...)
		code, answer := send(t, server, "POST", path("workflows"), "application/json", bytes.NewReader(body))
		want := http.StatusUnprocessableEntity
		if size > 4<<20 {
			want = http.StatusRequestEntityTooLarge
		}
		if code != want {
			t.Errorf("body of %d bytes: %d, want %d: %.200s", size, code, want, answer)
		}
	}
}

// An unknown field without strict validation is dropped with a warning, as Kubernetes does by default.
func TestUnknownFieldWarns(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	object := newObject(t, "Workflow", "warned", `{"spec": {"entrypoint": "main", "colour": "blue", "templates": [{"name": "main", "container": {"image": "busybox"}}]}}`)
	warnings := &collectedWarnings{}
	config := rest.CopyConfig(server.Config)
	config.WarningHandler = warnings
	client, err := dynamicFor(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Resource(gvr("workflows")).Namespace(namespace).Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationWarn}); err != nil {
		t.Fatal(err)
	}
	if got := warnings.String(); !strings.Contains(got, `unknown field "spec.colour"`) {
		t.Errorf("warnings: %s", got)
	}
	_, err = client.Resource(gvr("workflows")).Namespace(namespace).Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if !apierrors.IsBadRequest(err) {
		t.Errorf("strict: %v", err)
	}
}
