package config

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"
)

func configMap(version string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "c", UID: "u", ResourceVersion: version}, Data: data}
}

// awaitEvent reads the Events until one has the text.
func awaitEvent(t *testing.T, recorder *record.FakeRecorder, text string) {
	t.Helper()
	patience := time.After(30 * time.Second)
	for {
		select {
		case e := <-recorder.Events:
			if strings.Contains(e, text) {
				return
			}
		case <-patience:
			t.Fatalf("no Event with %q", text)
		}
	}
}

func TestWatcherReloads_CTL22(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	kube := fake.NewClientset(configMap("1", map[string]string{"parallelism": "1"}))
	watching := make(chan struct{}, 10)
	kube.PrependWatchReactor("configmaps", func(action clienttesting.Action) (bool, watch.Interface, error) {
		opened, err := kube.Tracker().Watch(action.GetResource(), action.GetNamespace())
		watching <- struct{}{}
		return true, opened, err
	})
	recorder := record.NewFakeRecorder(100)
	w := NewWatcher(kube, "ns", "c")
	changes := make(chan [2]int, 10)
	w.OnChange(func(old, new *Config) { changes <- [2]int{old.Parallelism, new.Parallelism} })
	if err := w.Load(ctx); err != nil || w.Current().Parallelism != 1 {
		t.Fatalf("%v %+v", err, w.Current())
	}
	if got := <-changes; got != [2]int{0, 1} {
		t.Error(got)
	}
	w.RecordTo(recorder) // tells of what was loaded before, too
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()

	set := func(version string, data map[string]string) {
		t.Helper()
		if _, err := kube.CoreV1().ConfigMaps("ns").Update(ctx, configMap(version, data), metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	awaitEvent(t, recorder, ReasonLoaded)
	<-watching
	set("2", map[string]string{"parallelism": "2", "navColor": "red"})
	if got := <-changes; got != [2]int{1, 2} {
		t.Error(got)
	}
	awaitEvent(t, recorder, "navColor has no effect here, because ")

	set("3", map[string]string{"paralelism": "3"})
	awaitEvent(t, recorder, "did you mean parallelism?; the last good configuration stays in force")
	if w.Current().Parallelism != 2 {
		t.Errorf("%+v", w.Current())
	}
	set("4", map[string]string{"config": "parallelism: 4"})
	if got := <-changes; got != [2]int{2, 4} {
		t.Error(got)
	}
	stop()
	<-done
}

func TestWatcherStarts_CFG01(t *testing.T) {
	if err := NewWatcher(fake.NewClientset(), "ns", "c").Load(t.Context()); err != nil {
		t.Errorf("without a ConfigMap: %v", err)
	}
	w := NewWatcher(fake.NewClientset(configMap("1", map[string]string{"config": "a: b"})), "ns", "c")
	if err := w.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "ConfigMap ns/c: a: unknown key") {
		t.Errorf("%v", err)
	}
}
