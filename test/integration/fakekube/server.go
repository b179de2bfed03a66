package fakekube

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

var (
	errNotFound = errors.New("not found")
	errConflict = errors.New("conflict")
)

// Server is the fake cluster.
type Server struct {
	http  *httptest.Server
	proxy http.Handler

	mu          sync.Mutex
	collections map[string]*collection
	// requests counts requests that change something, as "VERB resource".
	requests map[string]int
	// Admit, when set before the first request, may refuse the creation of an object.
	Admit func(resource string, obj runtime.Object) error
}

// Start serves until the test ends. fairlead says how to reach the Fairlead API server; nil when the test has none.
func Start(t testing.TB, fairlead *rest.Config) *Server {
	t.Helper()
	s := &Server{collections: map[string]*collection{}, requests: map[string]int{}}
	if fairlead != nil {
		transport, err := rest.TransportFor(fairlead)
		if err != nil {
			t.Fatal(err)
		}
		target, err := url.Parse(fairlead.Host)
		if err != nil {
			t.Fatal(err)
		}
		s.proxy = &httputil.ReverseProxy{
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport:     transport,
			FlushInterval: -1,
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				writeError(w, apierrors.NewServiceUnavailable(err.Error()))
			},
		}
	}
	s.http = httptest.NewServer(s)
	t.Cleanup(s.http.CloseClientConnections)
	t.Cleanup(s.http.Close)
	return s
}

// Config says how to reach the fake cluster.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: s.http.URL, QPS: -1}
}

// Kubeconfig writes the same to a file and returns its path.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	return writeKubeconfig(t, &clientcmdapi.Cluster{Server: s.http.URL}, "")
}

// SecureKubeconfig is the kubeconfig of a client with a token: it reaches the same fake cluster by TLS, without which
// tokens are not sent.
func (s *Server) SecureKubeconfig(t testing.TB, token string) string {
	t.Helper()
	secure := httptest.NewUnstartedServer(s)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	t.Cleanup(secure.CloseClientConnections)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	return writeKubeconfig(t, &clientcmdapi.Cluster{Server: secure.URL, CertificateAuthorityData: authority}, token)
}

func writeKubeconfig(t testing.TB, cluster *clientcmdapi.Cluster, token string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["fake"] = cluster
	config.AuthInfos["fake"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["fake"] = &clientcmdapi.Context{Cluster: "fake", AuthInfo: "fake"}
	config.CurrentContext = "fake"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Requests tells how many requests of a kind ("POST pods") were made that change something.
func (s *Server) Requests(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[kind]
}

func (s *Server) collection(resource string) *collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[resource]
	if c == nil {
		c = newCollection()
		s.collections[resource] = c
	}
	return c
}

// target is what a path names.
type target struct {
	gv                        schema.GroupVersion
	resource, namespace, name string
}

// parse reads /api/v1/... and /apis/group/version/... paths.
func parse(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var t target
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		t.gv, parts = schema.GroupVersion{Version: parts[1]}, parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		t.gv, parts = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	default:
		return t, false
	}
	if len(parts) >= 3 && parts[0] == "namespaces" {
		t.namespace, parts = parts[1], parts[2:]
	}
	t.resource = parts[0]
	if len(parts) > 1 {
		t.name = parts[1]
	}
	return t, true
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.proxy != nil && strings.HasPrefix(r.URL.Path, "/apis/"+wfv1.GroupName+"/") {
		if strings.HasSuffix(r.URL.Path, "/nodes") {
			s.mu.Lock()
			s.requests[r.Method+" workflows/nodes"]++
			s.mu.Unlock()
		}
		s.proxy.ServeHTTP(w, r)
		return
	}
	t, ok := parse(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	c := s.collection(t.resource)
	if r.Method != http.MethodGet {
		s.mu.Lock()
		s.requests[r.Method+" "+t.resource]++
		s.mu.Unlock()
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("watch") != "" && r.URL.Query().Get("watch") != "false":
		c.watch(w, r, t)
	case r.Method == http.MethodGet && t.name == "":
		c.serveList(w, r, t)
	default:
		obj, err := s.one(r, t, c)
		if err != nil {
			writeError(w, statusError(err, t))
			return
		}
		writeObject(w, http.StatusOK, obj)
	}
}

// one serves the requests about a single object.
func (s *Server) one(r *http.Request, t target, c *collection) (runtime.Object, error) {
	key := objectKey(t.namespace, t.name)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	switch r.Method {
	case http.MethodGet:
		if obj := c.get(key); obj != nil {
			return obj, nil
		}
		return nil, errNotFound
	case http.MethodPost:
		obj, err := decode(body)
		if err != nil {
			return nil, err
		}
		access(obj).SetNamespace(t.namespace)
		if s.Admit != nil {
			if err := s.Admit(t.resource, obj); err != nil {
				return nil, err
			}
		}
		created, ok := c.create(obj)
		if !ok {
			return nil, apierrors.NewAlreadyExists(schema.GroupResource{Resource: t.resource}, access(obj).GetName())
		}
		return created, nil
	case http.MethodPut:
		obj, err := decode(body)
		if err != nil {
			return nil, err
		}
		return c.modify(key, func(now runtime.Object) (runtime.Object, error) {
			if v := access(obj).GetResourceVersion(); v != "" && v != access(now).GetResourceVersion() {
				return nil, errConflict
			}
			access(obj).SetUID(access(now).GetUID())
			return obj, nil
		})
	case http.MethodPatch:
		return c.modify(key, func(now runtime.Object) (runtime.Object, error) { return patched(now, body) })
	case http.MethodDelete:
		options := metav1.DeleteOptions{}
		if len(body) > 0 {
			if err := json.Unmarshal(body, &options); err != nil {
				decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &options)
				if err != nil {
					return nil, err
				}
				options = *decoded.(*metav1.DeleteOptions)
			}
		}
		var uid *types.UID
		if options.Preconditions != nil {
			uid = options.Preconditions.UID
		}
		return c.remove(key, uid)
	}
	return nil, apierrors.NewMethodNotSupported(schema.GroupResource{Resource: t.resource}, r.Method)
}

// patched applies a merge patch; another UID in it is a conflict.
func patched(now runtime.Object, body []byte) (runtime.Object, error) {
	doc, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	if doc, err = jsonpatch.MergePatch(doc, body); err != nil {
		return nil, err
	}
	next, err := decode(doc)
	if err != nil {
		return nil, err
	}
	if access(next).GetUID() != access(now).GetUID() {
		return nil, errConflict
	}
	return next, nil
}

func decode(body []byte) (runtime.Object, error) {
	obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	return obj, err
}

func statusError(err error, t target) *apierrors.StatusError {
	var status *apierrors.StatusError
	resource := schema.GroupResource{Group: t.gv.Group, Resource: t.resource}
	switch {
	case errors.As(err, &status):
		return status
	case errors.Is(err, errNotFound):
		return apierrors.NewNotFound(resource, t.name)
	case errors.Is(err, errConflict):
		return apierrors.NewConflict(resource, t.name, err)
	case errors.Is(err, context.Canceled):
		return apierrors.NewTimeoutError(err.Error(), 1)
	}
	return apierrors.NewBadRequest(err.Error())
}
