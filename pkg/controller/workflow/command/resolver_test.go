package command

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/controller/workflow/pod"
)

// server is a registry in this process. With a user, it asks for that user's password, which is the name backwards.
type server struct {
	host     string
	user     string
	requests atomic.Int32
	hold     chan struct{}
}

func newServer(t *testing.T, user string) *server {
	t.Helper()
	s := &server{user: user}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if s.hold != nil {
			<-s.hold
		}
		if name, password, _ := r.BasicAuth(); s.user != "" && (name != s.user || password != "secret") {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	s.host = strings.TrimPrefix(web.URL, "http://")
	return s
}

func (s *server) push(t *testing.T, image string, config v1.Config) string {
	t.Helper()
	reference, err := name.ParseReference(s.host + "/" + image)
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutate.Config(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	auth := authn.Anonymous
	if s.user != "" {
		auth = &authn.Basic{Username: s.user, Password: "secret"}
	}
	if err := remote.Write(reference, made, remote.WithAuth(auth)); err != nil {
		t.Fatal(err)
	}
	return reference.Name()
}

// pushIndex makes one name stand for images of several platforms.
func (s *server) pushIndex(t *testing.T, image string, commands map[string][]string) string {
	t.Helper()
	reference, err := name.ParseReference(s.host + "/" + image)
	if err != nil {
		t.Fatal(err)
	}
	index := v1.ImageIndex(empty.Index)
	for _, platform := range slices.Sorted(maps.Keys(commands)) {
		made, err := mutate.Config(empty.Image, v1.Config{Entrypoint: commands[platform]})
		if err != nil {
			t.Fatal(err)
		}
		os, architecture, _ := strings.Cut(platform, "/")
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: made, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: architecture}}})
	}
	if err := remote.WriteIndex(reference, index); err != nil {
		t.Fatal(err)
	}
	return reference.Name()
}

func pullSecret(name, host, user string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":secret"))
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "work", Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth)},
	}
}

// POD-02: the command comes from the registry, with the pull secrets of the pod and of its service account.
func TestLookup_POD02(t *testing.T) {
	open, private := newServer(t, ""), newServer(t, "robot")
	want := pod.ImageCommand{Entrypoint: []string{"/entry", "-x"}, Cmd: []string{"run"}}
	config := v1.Config{Entrypoint: want.Entrypoint, Cmd: want.Cmd}
	public, closed := open.push(t, "team/tool:v1", config), private.push(t, "team/tool:v1", config)

	client := fake.NewSimpleClientset(
		pullSecret("right", private.host, "robot"), pullSecret("wrong", "https://"+private.host+"/v1/", "nobody"), pullSecret("elsewhere", "other.example.com", "robot"),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "work", Name: "old"}, Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{
			corev1.DockerConfigKey: fmt.Appendf(nil, `{%q:{"username":"robot","password":"secret"}}`, private.host+"/team"),
		}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "work", Name: "builder"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "right"}}},
	)
	for name, c := range map[string]struct {
		image, account string
		secrets        []string
		problem        string
	}{
		"public":                       {image: public},
		"of the pod":                   {image: closed, secrets: []string{"none", "elsewhere", "right"}},
		"the one that is accepted":     {image: closed, secrets: []string{"wrong", "right"}},
		"of the service account":       {image: closed, account: "builder"},
		"in the old form, with a path": {image: closed, secrets: []string{"old"}},
		"no secret":                    {image: closed, problem: "UNAUTHORIZED"},
		"wrong secret":                 {image: closed, secrets: []string{"wrong"}, problem: "UNAUTHORIZED"},
		"no such image":                {image: open.host + "/none:v1", problem: "NAME_UNKNOWN"},
		"no image name":                {image: "Not An Image", problem: "could not parse reference"},
		"nobody there":                 {image: "127.0.0.1:1/tool:v1", problem: "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewResolver(Options{Credentials: NewCredentials(client), Patience: time.Minute})
			spec := &corev1.PodSpec{ServiceAccountName: c.account}
			for _, s := range c.secrets {
				spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
			}
			got, err := r.Lookup("work", spec, c.image)
			if c.problem == "" {
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			start := fmt.Sprintf("failed to look-up entrypoint/cmd for image %q, you must either explicitly specify the command, or list the image's command in the index: ", c.image)
			if err == nil || !strings.HasPrefix(err.Error(), start) || !strings.Contains(err.Error(), c.problem) && !strings.Contains(err.Error(), "401") {
				t.Errorf("%v, want %q", err, c.problem)
			}
			if err != nil && strings.Contains(err.Error(), "secret\"") {
				t.Errorf("the password is in the message: %v", err)
			}
		})
	}
}

// POD-02: of an image for several platforms the command is that of this one's, else that of another Linux; what is no program is not
// looked at.
func TestPlatforms_POD02(t *testing.T) {
	s := newServer(t, "")
	own := "linux/" + runtime.GOARCH
	for name, c := range map[string]struct {
		commands map[string][]string
		want     string
	}{
		"own":       {map[string][]string{"linux/aaa": {"other"}, own: {"own"}}, "own"},
		"foreign":   {map[string][]string{"a/attestation": nil, "linux/s390x": {"other"}, "unknown/unknown": {"no"}}, "other"},
		"none runs": {map[string][]string{"unknown/unknown": {"no"}}, ""},
	} {
		image := s.pushIndex(t, "many/"+strings.ReplaceAll(name, " ", "-")+":v1", c.commands)
		got, err := NewResolver(Options{Patience: time.Minute}).Lookup("work", &corev1.PodSpec{}, image)
		if (err == nil) != (c.want != "") || c.want != "" && !slices.Equal(got.Entrypoint, []string{c.want}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// POD-02: where the controller may not read pull secrets, the message of the step says so.
func TestUnreadPullSecrets_POD02(t *testing.T) {
	private := newServer(t, "robot")
	image := private.push(t, "team/tool:v1", v1.Config{Entrypoint: []string{"x"}})
	client := fake.NewSimpleClientset()
	client.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, kruntime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("secrets"), "right", errors.New("no role"))
	})
	spec := &corev1.PodSpec{ImagePullSecrets: []corev1.LocalObjectReference{{Name: "right"}}}
	_, err := NewResolver(Options{Credentials: NewCredentials(client), Patience: time.Minute}).Lookup("work", spec, image)
	if err == nil || !strings.Contains(err.Error(), "the controller may not read the pull secrets right (components/pull-secrets lets it)") {
		t.Error(err)
	}
}

// A look-up is done once, is not waited for too long, and what it found is remembered for a while.
func TestAnswersAreRemembered(t *testing.T) {
	s := newServer(t, "")
	image := s.push(t, "tool:v1", v1.Config{Cmd: []string{"run"}})
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	r := NewResolver(Options{Patience: time.Millisecond, Clock: clock})
	s.hold = make(chan struct{})
	if _, err := r.Lookup("work", &corev1.PodSpec{}, image); !errors.Is(err, pod.ErrNotYet) {
		t.Fatalf("a registry that does not answer: %v", err)
	}
	close(s.hold)
	r.options.Patience = time.Minute
	look := func(namespace string) int32 {
		before := s.requests.Load()
		if got, err := r.Lookup(namespace, &corev1.PodSpec{}, image); err != nil || len(got.Cmd) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		return s.requests.Load() - before
	}
	look("work")
	if n := look("work"); n != 0 {
		t.Errorf("asked %d times again", n)
	}
	if n := look("other"); n == 0 {
		t.Error("the answer for one namespace was given to another")
	}
	clock.SetTime(clock.Now().Add(tagMemory))
	if n := look("work"); n == 0 {
		t.Error("a tag was trusted for ever")
	}
}

func TestFailuresAreRememberedBriefly(t *testing.T) {
	s := newServer(t, "")
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	r := NewResolver(Options{Patience: time.Minute, Clock: clock})
	image := s.host + "/tool:v1"
	for _, step := range []struct {
		after time.Duration
		asks  bool
	}{{0, true}, {failureMemory - 1, false}, {1, true}} {
		clock.SetTime(clock.Now().Add(step.after))
		before := s.requests.Load()
		if _, err := r.Lookup("work", &corev1.PodSpec{}, image); err == nil {
			t.Fatal("found what is not there")
		}
		if asked := s.requests.Load() > before; asked != step.asks {
			t.Errorf("after %s: asked %v, want %v", step.after, asked, step.asks)
		}
	}
	for i := range maxAnswers + 10 {
		r.answers[question{image: fmt.Sprint(i)}] = &answer{at: clock.Now().Add(time.Duration(i))}
		r.makeRoom()
	}
	if len(r.answers) >= maxAnswers {
		t.Errorf("%d answers are kept", len(r.answers))
	}
}

func TestPlaces(t *testing.T) {
	for where, want := range map[string][2]string{
		"https://index.docker.io/v1/": {"index.docker.io", ""}, "docker.io": {"index.docker.io", ""}, "registry.example.com/team/a": {"registry.example.com", "team/a"},
		"*.example.com": {"*.example.com", ""}, "http://localhost:5000": {"localhost:5000", ""},
	} {
		if host, prefix := place(where); [2]string{host, prefix} != want {
			t.Errorf("%s: %s %s", where, host, prefix)
		}
	}
}
