package direct

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
)

const (
	probePath = "/apis/argoproj.io/v1alpha1"
	token     = "token of the controller"
)

// world is kube-apiserver and the workflow server, as a route between them sees them.
type world struct {
	authority *certificateAuthority
	kube      *httptest.Server
	workflows *httptest.Server
	route     *Route
	client    *http.Client

	mu sync.Mutex
	// straight and through are the requests that reached either.
	straight, through []string
	// answer is what the workflow server answers; nil: 200.
	answer http.HandlerFunc
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{authority: newAuthority(t)}
	w.kube = httptest.NewTLSServer(w.record(&w.through, nil))
	t.Cleanup(w.kube.Close)
	w.workflows = serve(t, "", w.authority.issue(t, "127.0.0.1"), w.serveWorkflows())
	w.connect(t, w.workflows.URL)
	return w
}

func (w *world) connect(t *testing.T, server string) {
	t.Helper()
	config := w.config()
	var err error
	if w.route, err = NewRoute(config, server, probePath, klog.Background()); err != nil {
		t.Fatal(err)
	}
	if w.client, err = rest.HTTPClientFor(config); err != nil {
		t.Fatal(err)
	}
}

func (w *world) config() *rest.Config {
	return &rest.Config{Host: w.kube.URL, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: pemOf(w.kube)}}
}

func pemOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func (w *world) serveWorkflows() http.HandlerFunc {
	return w.record(&w.straight, func(writer http.ResponseWriter, request *http.Request) {
		w.mu.Lock()
		answer := w.answer
		w.mu.Unlock()
		switch {
		case request.Header.Get("Authorization") != "Bearer "+token:
			writer.WriteHeader(http.StatusUnauthorized)
		case answer != nil:
			answer(writer, request)
		}
	})
}

// record notes a request with its body.
func (w *world) record(where *[]string, next http.HandlerFunc) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		w.mu.Lock()
		*where = append(*where, strings.TrimSpace(request.Method+" "+request.URL.RequestURI()+" "+string(body)))
		w.mu.Unlock()
		if next != nil {
			next(writer, request)
		}
	}
}

// taken returns which way requests went since the last call, without the looks of the route itself.
func (w *world) taken() (straight, through []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.straight {
		if r != "GET "+probePath {
			straight = append(straight, r)
		}
	}
	through = w.through
	w.straight, w.through = nil, nil
	return straight, through
}

// post sends a request with a body and returns the status of the answer.
func (w *world) post(t *testing.T, body string) (int, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.kube.URL+"/x", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Body.Close()
}

// expect posts a body and checks which way it went, whole.
func (w *world) expect(t *testing.T, way string) {
	t.Helper()
	status, err := w.post(t, "body")
	straight, through := w.taken()
	want := "[POST /x body]"
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	if way == "straight" && (fmt.Sprint(straight) != want || len(through) != 0) || way == "through" && fmt.Sprint(through) != want {
		t.Fatalf("want %s: went straight %q, through kube-apiserver %q", way, straight, through)
	}
}

func (w *world) open(t *testing.T) {
	t.Helper()
	if tried, err := w.route.tryStraight(t.Context()); !tried || err != nil {
		t.Fatalf("the straight way does not open: %v, %v", tried, err)
	}
}

func TestRequestsGoThroughUntilTheServerIsTrustedAndAnswers(t *testing.T) {
	w := newWorld(t)
	w.expect(t, "through")
	if tried, _ := w.route.tryStraight(t.Context()); tried {
		t.Error("a server was asked that there is no authority for")
	}
	w.route.Trust(w.authority.pem)
	w.expect(t, "through")
	w.open(t)
	w.expect(t, "straight")
}

func TestServerOfAnotherAuthorityIsNotUsed(t *testing.T) {
	w := newWorld(t)
	w.route.Trust(newAuthority(t).pem)
	if _, err := w.route.tryStraight(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want a refused certificate", err)
	}
	w.expect(t, "through")
	if straight, _ := w.taken(); len(straight) != 0 {
		t.Errorf("the token went to a server that is not verified: %q", straight)
	}
}

func TestServerOfAnotherNameIsNotUsed(t *testing.T) {
	w := newWorld(t)
	server := serve(t, "", w.authority.issue(t, "127.0.0.9"), w.serveWorkflows())
	w.connect(t, server.URL)
	w.route.Trust(w.authority.pem)
	if _, err := w.route.tryStraight(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.9") {
		t.Errorf("got %v, want a certificate refused for its name", err)
	}
	w.expect(t, "through")
}

// The authority changes while requests are made, first at the server and then in the APIService.
func TestRotationOfTheAuthority(t *testing.T) {
	w := newWorld(t)
	w.route.Trust(w.authority.pem)
	w.open(t)
	w.expect(t, "straight")

	address := w.workflows.Listener.Addr().String()
	w.workflows.Close()
	next := newAuthority(t)
	w.workflows = serve(t, address, next.issue(t, "127.0.0.1"), w.serveWorkflows())
	await(t, func() bool {
		status, err := w.post(t, "body")
		return err == nil && status == http.StatusOK
	})
	if straight, _ := w.taken(); len(straight) != 0 {
		t.Error("a request went to a server whose certificate cannot be verified")
	}
	if w.route.Usable() {
		t.Error("a server whose certificate cannot be verified is still used")
	}
	w.route.Trust(next.pem)
	w.open(t)
	w.expect(t, "straight")
	// What is trusted again is no reason to begin anew.
	w.route.Trust(next.pem)
	w.expect(t, "straight")
}

func TestServerThatIsAway(t *testing.T) {
	w := newWorld(t)
	w.route.Trust(w.authority.pem)
	w.open(t)
	address := w.workflows.Listener.Addr().String()
	w.workflows.Close()
	// A request may be on its way when the connection breaks, which its client is told.
	await(t, func() bool {
		status, err := w.post(t, "body")
		return err == nil && status == http.StatusOK
	})
	w.taken()
	w.expect(t, "through")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go w.route.Run(ctx)
	w.workflows = serve(t, address, w.authority.issue(t, "127.0.0.1"), w.serveWorkflows())
	awaitUsable(t, w.route)
	w.expect(t, "straight")
}

func TestTokenThatTheServerDoesNotAccept(t *testing.T) {
	w := newWorld(t)
	w.route.Trust(w.authority.pem)
	w.open(t)
	w.mu.Lock()
	w.answer = func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(http.StatusUnauthorized) }
	w.mu.Unlock()
	w.expect(t, "through")
	if _, err := w.route.tryStraight(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("got %v, want 401", err)
	}
}

// What the server answers is the answer: a write is not made twice, and a refusal is not asked again elsewhere.
func TestAnswersAreFinal(t *testing.T) {
	w := newWorld(t)
	w.route.Trust(w.authority.pem)
	w.open(t)
	for _, status := range []int{http.StatusForbidden, http.StatusConflict, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		w.mu.Lock()
		w.answer = func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(status) }
		w.mu.Unlock()
		got, err := w.post(t, "body")
		if _, through := w.taken(); err != nil || got != status || len(through) != 0 {
			t.Errorf("status %d, %v, %d times through kube-apiserver; want %d", got, err, len(through), status)
		}
	}
	// The connection breaks after the request was sent: nobody knows whether it was carried out.
	w.mu.Lock()
	w.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	w.mu.Unlock()
	_, err := w.post(t, "body")
	if _, through := w.taken(); err == nil || len(through) != 0 {
		t.Errorf("%v, %d times through kube-apiserver; want an error", err, len(through))
	}
}

// A watch that was opened through kube-apiserver ends like any other when the straight way opens, so that the next one
// takes it.
func TestWatchesChangeOver(t *testing.T) {
	w := newWorld(t)
	blocked := make(chan struct{})
	defer close(blocked)
	w.kube.Config.Handler = http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		writer.WriteHeader(http.StatusOK)
		writer.(http.Flusher).Flush()
		select {
		case <-request.Context().Done():
		case <-blocked:
		}
	})
	response, err := w.client.Get(w.kube.URL + "/x?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	w.route.Trust(w.authority.pem)
	w.open(t)
	if _, err := io.ReadAll(response.Body); err != nil {
		t.Errorf("the watch ended with %v, want no error", err)
	}
	if len(w.route.watches) != 0 {
		t.Error("a watch that has ended is remembered")
	}
}

// A watch that was opened straight ends when its server's authority is not trusted any more, or another one is.
func TestWatchesEndWithTheTrustInTheirServer(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"distrust":          func(w *world) { w.route.Distrust("the APIService is gone") },
		"another authority": func(w *world) { w.route.Trust(newAuthority(t).pem) },
		"no authority":      func(w *world) { w.route.Trust([]byte("nonsense")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			blocked := make(chan struct{})
			defer close(blocked)
			w.route.Trust(w.authority.pem)
			w.open(t)
			w.mu.Lock()
			w.answer = func(writer http.ResponseWriter, request *http.Request) {
				writer.WriteHeader(http.StatusOK)
				writer.(http.Flusher).Flush()
				select {
				case <-request.Context().Done():
				case <-blocked:
				}
			}
			w.mu.Unlock()
			response, err := w.client.Get(w.kube.URL + "/x?watch=true")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if straight, _ := w.taken(); len(straight) != 1 {
				t.Fatalf("the watch went %q", straight)
			}
			change(w)
			if _, err := io.ReadAll(response.Body); err != nil {
				t.Errorf("the watch ended with %v, want no error", err)
			}
			if len(w.route.watches) != 0 {
				t.Error("a watch that has ended is remembered")
			}
		})
	}
}

func TestNewRouteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		server string
		config rest.Config
		want   string
	}{
		"not https":                {"http://server", rest.Config{BearerToken: token}, "must be https://HOST"},
		"a path":                   {"https://server/path", rest.Config{BearerToken: token}, "must be https://HOST"},
		"no host":                  {"https://", rest.Config{BearerToken: token}, "must be https://HOST"},
		"not an address":           {"https://%", rest.Config{BearerToken: token}, "address of the workflow server"},
		"client certificate only":  {"https://server", rest.Config{}, "only with a token"},
		"address without a scheme": {"server:443", rest.Config{BearerToken: token}, "must be https://HOST"},
	} {
		if _, err := NewRoute(&c.config, c.server, probePath, klog.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestFollowAPIService(t *testing.T) {
	w := newWorld(t)
	name := "v1alpha1.argoproj.io"
	service := &apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: apiregistrationv1.APIServiceSpec{
		Service: &apiregistrationv1.ServiceReference{Namespace: "fairlead-system", Name: "fairlead-apiserver"},
	}}
	service.Spec.CABundle = newAuthority(t).pem
	clientset := aggregatorfake.NewSimpleClientset(service.DeepCopy())
	client := clientset.ApiregistrationV1()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go w.route.Run(ctx)
	ended := make(chan error, 1)
	go func() { ended <- FollowAPIService(ctx, clientset, name, w.route) }()
	trusts := func(bundle []byte) {
		t.Helper()
		await(t, func() bool {
			w.route.mu.Lock()
			defer w.route.mu.Unlock()
			return (w.route.transport != nil) == (bundle != nil) && string(w.route.bundle) == string(bundle)
		})
	}
	trusts(service.Spec.CABundle)

	service.Spec.CABundle = w.authority.pem
	update := func() {
		t.Helper()
		if _, err := client.APIServices().Update(ctx, service, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	update()
	trusts(w.authority.pem)
	awaitUsable(t, w.route)

	service.Spec.CABundle, service.Spec.InsecureSkipTLSVerify = nil, true
	update()
	trusts(nil)
	w.expect(t, "through")
	service.Spec.CABundle, service.Spec.InsecureSkipTLSVerify = w.authority.pem, false
	update()
	awaitUsable(t, w.route)
	service.Spec.CABundle = []byte("nonsense")
	update()
	trusts(nil)
	service.Spec.CABundle = w.authority.pem
	update()
	awaitUsable(t, w.route)
	if err := client.APIServices().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	trusts(nil)
	w.expect(t, "through")

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The wait for the straight way ends when it opens, and after the time given.
func TestAwait(t *testing.T) {
	w := newWorld(t)
	w.route.Await(t.Context(), time.Nanosecond)
	w.route.Trust(w.authority.pem)
	go w.route.Run(t.Context())
	w.route.Await(t.Context(), time.Hour)
	w.expect(t, "straight")
}

func awaitUsable(t *testing.T, r *Route) {
	t.Helper()
	await(t, r.Usable)
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 2*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return condition(), nil })
	if err != nil {
		t.Fatal(err)
	}
}
