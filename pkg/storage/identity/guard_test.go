package identity

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	"fairlead.dev/fairlead/pkg/storage/embedded"
)

func startStore(t *testing.T) *clientv3.Client {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{DataDir: t.TempDir(), UnsafeNoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	client, err := server.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// fakeConfigMaps is a namespace with at most one ConfigMap. Unlike the fake clientset it gives and compares resource
// versions.
type fakeConfigMaps struct {
	mu      sync.Mutex
	version int
	stored  *corev1.ConfigMap
}

var resource = schema.GroupResource{Resource: "configmaps"}

func (f *fakeConfigMaps) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.ConfigMap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stored == nil {
		return nil, apierrors.NewNotFound(resource, name)
	}
	return f.stored.DeepCopy(), nil
}

func (f *fakeConfigMaps) Create(_ context.Context, configMap *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stored != nil {
		return nil, apierrors.NewAlreadyExists(resource, configMap.Name)
	}
	return f.store(configMap), nil
}

func (f *fakeConfigMaps) Update(_ context.Context, configMap *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stored == nil {
		return nil, apierrors.NewNotFound(resource, configMap.Name)
	}
	if configMap.ResourceVersion != f.stored.ResourceVersion {
		return nil, apierrors.NewConflict(resource, configMap.Name, errors.New("changed"))
	}
	return f.store(configMap), nil
}

func (f *fakeConfigMaps) store(configMap *corev1.ConfigMap) *corev1.ConfigMap {
	f.version++
	f.stored = configMap.DeepCopy()
	f.stored.ResourceVersion = strconv.Itoa(f.version)
	return f.stored.DeepCopy()
}

func newMarker() (Marker, *fakeConfigMaps) {
	configMaps := &fakeConfigMaps{}
	return NewConfigMapMarker(configMaps, DefaultConfigMapName), configMaps
}

func guardOf(client *clientv3.Client, marker Marker, accept bool) *Guard {
	return New(Options{Client: client, Prefix: "/registry/argoproj.io", Marker: marker, AcceptDataLoss: accept})
}

// edit changes the ConfigMap as a person with kubectl would.
func (f *fakeConfigMaps) edit(change func(*corev1.ConfigMap)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.stored)
	f.store(f.stored)
}

func TestVerify(t *testing.T) {
	store, other := startStore(t), startStore(t)
	for _, tc := range []struct {
		name     string
		change   func(*corev1.ConfigMap) // of the marker, after a first start on store
		on       *clientv3.Client
		accept   bool
		wantLoss string
	}{
		{name: "the same store again", on: store},
		{name: "empty store", on: other, wantLoss: "it is empty"},
		{name: "empty store, accepted", on: other, accept: true},
		{name: "the accepted store is another one now", on: other, wantLoss: "was served before"},
		{name: "older store", on: store, change: func(c *corev1.ConfigMap) { c.Data[dataRevision] = "99999" }, wantLoss: "at revision 99999 before"},
		{name: "older store, accepted", on: store, change: func(c *corev1.ConfigMap) { c.Data[dataRevision] = "99999" }, accept: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			marker, configMaps := newMarker()
			if err := guardOf(store, marker, false).Verify(t.Context()); err != nil {
				t.Fatalf("first start: %v", err)
			}
			if tc.change != nil {
				configMaps.edit(tc.change)
			}
			guard := guardOf(tc.on, marker, tc.accept)
			if guard.Check(nil) == nil {
				t.Error("ready before anything was verified")
			}
			err := guard.Verify(t.Context())
			if tc.wantLoss == "" {
				if err != nil || guard.Check(nil) != nil {
					t.Fatalf("got %v, check %v", err, guard.Check(nil))
				}
				// What was accepted once is the normal state from now on.
				if err := guardOf(tc.on, marker, false).Verify(t.Context()); err != nil {
					t.Errorf("next start: %v", err)
				}
				return
			}
			if !errors.Is(err, ErrDataLoss) || !strings.Contains(err.Error(), tc.wantLoss) || !strings.Contains(err.Error(), "--accept-data-loss") {
				t.Errorf("got %v", err)
			}
			if check := guard.Check(nil); check == nil || check.Error() != err.Error() {
				t.Errorf("the health check must say the same: %v", check)
			}
		})
	}
}

func TestTwoReplicasStartTogether(t *testing.T) {
	store := startStore(t)
	marker, _ := newMarker()
	failed := make(chan error, 4)
	for range cap(failed) {
		go func() { failed <- guardOf(store, marker, false).Verify(context.Background()) }()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestDamagedMarkerAndStore(t *testing.T) {
	store := startStore(t)
	marker, configMaps := newMarker()
	if err := guardOf(store, marker, false).Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	configMaps.edit(func(c *corev1.ConfigMap) { delete(c.Data, dataID) })
	if err := guardOf(store, marker, false).Verify(t.Context()); err == nil || errors.Is(err, ErrDataLoss) {
		t.Errorf("damaged marker: %v", err)
	}
	guard := guardOf(store, nil, false)
	if err := guard.Verify(t.Context()); err != nil {
		t.Errorf("without a marker: %v", err)
	}
	if _, err := store.Put(t.Context(), guard.key, "{}"); err != nil {
		t.Fatal(err)
	}
	if err := guardOf(store, nil, false).Verify(t.Context()); err == nil {
		t.Error("damaged identity: want an error")
	}
}

func TestRunRaisesTheHighWaterMark(t *testing.T) {
	store := startStore(t)
	marker, configMaps := newMarker()
	clock := clocktesting.NewFakeClock(time.Now())
	guard := New(Options{Client: store, Prefix: "/registry/argoproj.io", Marker: marker, Clock: clock})
	if err := guard.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); guard.Run(ctx) }()

	first, err := store.Put(t.Context(), "/registry/a", "b")
	if err != nil {
		t.Fatal(err)
	}
	waitForRevision(t, marker, first.Header.Revision, func() { clock.Step(DefaultInterval) })

	// Somebody else edits the ConfigMap: the next rounds go on from there.
	configMaps.edit(func(c *corev1.ConfigMap) { c.Labels = map[string]string{"edited": "yes"} })
	second, err := store.Put(t.Context(), "/registry/a", "c")
	if err != nil {
		t.Fatal(err)
	}
	waitForRevision(t, marker, second.Header.Revision, func() { clock.Step(DefaultInterval) })

	// The end of the process writes the last revision without waiting for the interval.
	third, err := store.Put(t.Context(), "/registry/a", "d")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-done
	if record, err := marker.Load(t.Context()); err != nil || record.Revision != third.Header.Revision {
		t.Errorf("got %+v, %v, want revision %d", record, err, third.Header.Revision)
	}
}

func waitForRevision(t *testing.T, marker Marker, want int64, step func()) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		record, err := marker.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if record.Revision >= want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the marker stays at %d, want %d", record.Revision, want)
		}
		step()
		time.Sleep(5 * time.Millisecond) // lets the loop run between two looks
	}
}
