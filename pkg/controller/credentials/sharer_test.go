package credentials

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"
)

func secret(namespace, value, version string, labels map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "store", Labels: labels, ResourceVersion: version}, Data: map[string][]byte{"key": []byte(value)}}
}

func TestSharer_ART11(t *testing.T) {
	kube := fake.NewClientset(secret("system", "one", "1", nil), secret("owned", "own", "1", nil))
	now := clocktesting.NewFakeClock(time.Unix(0, 0))
	s := NewSharer(kube.CoreV1(), "system", "store", now)
	value := func(namespace string) string {
		t.Helper()
		found, err := kube.CoreV1().Secrets(namespace).Get(t.Context(), "store", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(found.Data["key"])
	}
	for _, namespace := range []string{"team", "owned", "system"} {
		if err := s.Ensure(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	if value("team") != "one" || value("owned") != "own" {
		t.Errorf("copy %q, somebody's own %q", value("team"), value("owned"))
	}
	asked := len(kube.Actions())
	if err := s.Ensure(t.Context(), "team"); err != nil || len(kube.Actions()) != asked {
		t.Errorf("%v, asked the cluster %d times more", err, len(kube.Actions())-asked)
	}

	// Rotation.
	if _, err := kube.CoreV1().Secrets("system").Update(t.Context(), secret("system", "two", "2", nil), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if last := s.renew(t.Context(), "1"); last != "2" || value("team") != "two" {
		t.Errorf("version %s, copy %q", last, value("team"))
	}
	if value("owned") != "own" {
		t.Error("somebody's own Secret was changed")
	}
	// A namespace that is gone is forgotten.
	kube.PrependReactor("update", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewNotFound(corev1.Resource("namespaces"), "team")
	})
	if _, err := kube.CoreV1().Secrets("team").Get(t.Context(), "store", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := kube.Tracker().Update(corev1.SchemeGroupVersion.WithResource("secrets"), secret("system", "three", "3", nil), "system"); err != nil {
		t.Fatal(err)
	}
	if last := s.renew(t.Context(), "2"); last != "3" || len(s.namespaces()) != 1 {
		t.Errorf("version %s, still known: %v", last, s.namespaces())
	}
	if err := NewSharer(kube.CoreV1(), "system", "nosuch", now).Ensure(t.Context(), "team"); err == nil {
		t.Error("no error without an original")
	}
}

// A controller that starts finds the copies that were made before it, also where nothing runs: a new key arrives there too.
func TestSharer_AfterARestart(t *testing.T) {
	copied := map[string]string{LabelCopiedFrom: "system"}
	kube := fake.NewClientset(
		secret("system", "new", "7", nil), secret("idle", "old", "1", copied), secret("owned", "own", "1", nil), secret("other", "old", "1", map[string]string{LabelCopiedFrom: "another"}),
	)
	for _, name := range []string{"system", "idle", "owned", "other", "empty"} {
		if _, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	refused := true
	kube.PrependReactor("list", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		return refused, nil, apierrors.NewInternalError(errors.New("not now"))
	})
	s := NewSharer(kube.CoreV1(), "system", "store", clocktesting.NewFakeClock(time.Unix(0, 0)))
	if last := s.renew(t.Context(), ""); last != "" {
		t.Errorf("what could not be looked up is taken for done: %q", last)
	}
	refused = false
	if last := s.renew(t.Context(), ""); last != "7" {
		t.Errorf("version %q", last)
	}
	for namespace, want := range map[string]string{"idle": "new", "owned": "own", "other": "old", "system": "new", "empty": ""} {
		found, err := kube.CoreV1().Secrets(namespace).Get(t.Context(), "store", metav1.GetOptions{})
		if apierrors.IsNotFound(err) && want == "" {
			continue
		}
		if err != nil || string(found.Data["key"]) != want {
			t.Errorf("%s: %q, %v", namespace, found.Data["key"], err)
		}
	}
}
