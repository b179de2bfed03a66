package servingcert

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	testingclock "k8s.io/utils/clock/testing"
)

const (
	testNamespace = "fairlead-system"
	testSecret    = "fairlead-apiserver-cert"
	testService   = "fairlead-apiserver"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newTestKeeper(client *fake.Clientset, c *testingclock.FakeClock) *Keeper {
	return NewKeeper(client, testNamespace, testSecret, testService, c)
}

func mustRunOnce(t *testing.T, k *Keeper) {
	t.Helper()
	if err := k.RunOnce(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func parseCert(t *testing.T, certPEM []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(certPEM)
	if block == nil {
		t.Fatal("no PEM block")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func trusts(t *testing.T, caPEM, certPEM []byte, at time.Time) {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) {
		t.Fatal("CA bundle holds no certificate")
	}
	_, err := parseCert(t, certPEM).Verify(x509.VerifyOptions{DNSName: "fairlead-apiserver.fairlead-system.svc", Roots: roots, CurrentTime: at})
	if err != nil {
		t.Errorf("kube-apiserver would not trust the certificate: %v", err)
	}
}

func TestKeeperMakesAndSharesTheSecret(t *testing.T) {
	client, c := fake.NewClientset(), testingclock.NewFakeClock(start)
	first, second := newTestKeeper(client, c), newTestKeeper(client, c)
	mustRunOnce(t, first)
	mustRunOnce(t, second)

	cert, key := first.CurrentCertKeyContent()
	otherCert, otherKey := second.CurrentCertKeyContent()
	if !bytes.Equal(cert, otherCert) || !bytes.Equal(key, otherKey) || !bytes.Equal(first.CABundle(), second.CABundle()) {
		t.Error("two replicas serve different certificates")
	}
	trusts(t, first.CABundle(), cert, start)
	secret, err := client.CoreV1().Secrets(testNamespace).Get(context.Background(), testSecret, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if secret.Type != corev1.SecretTypeTLS {
		t.Errorf("type of the secret = %s", secret.Type)
	}
}

// Two replicas start at once: the one that loses the create takes what the other stored.
func TestKeeperLosesTheCreate(t *testing.T) {
	client, c := fake.NewClientset(), testingclock.NewFakeClock(start)
	winner := newTestKeeper(fake.NewClientset(), c)
	mustRunOnce(t, winner)
	client.PrependReactor("create", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: testSecret}, Data: winner.held().secretData()}
		_ = client.Tracker().Add(secret)
		return true, nil, apierrors.NewAlreadyExists(corev1.Resource("secrets"), testSecret)
	})
	loser := newTestKeeper(client, c)
	mustRunOnce(t, loser)
	if !bytes.Equal(loser.CABundle(), winner.CABundle()) {
		t.Error("the loser did not take the winner's authority")
	}
}

func TestKeeperRenews(t *testing.T) {
	tests := []struct {
		name          string
		after         time.Duration
		damage        func(*corev1.Secret)
		wantNewCert   bool
		wantNewCA     bool
		wantSameCAKey bool
	}{
		{name: "young", after: 59 * 24 * time.Hour, wantSameCAKey: true},
		{name: "serving certificate due", after: 61 * 24 * time.Hour, wantNewCert: true, wantSameCAKey: true},
		{name: "authority due", after: 7 * 365 * 24 * time.Hour, wantNewCert: true, wantNewCA: true, wantSameCAKey: true},
		{name: "authority expired", after: 11 * 365 * 24 * time.Hour, wantNewCert: true, wantNewCA: true},
		{name: "serving key lost", damage: func(s *corev1.Secret) { s.Data["tls.key"] = nil }, wantNewCert: true, wantSameCAKey: true},
		{name: "garbage", damage: func(s *corev1.Secret) { s.Data = map[string][]byte{"ca.crt": []byte("x")} }, wantNewCert: true, wantNewCA: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, c := fake.NewClientset(), testingclock.NewFakeClock(start)
			k := newTestKeeper(client, c)
			mustRunOnce(t, k)
			oldCert, _ := k.CurrentCertKeyContent()
			oldCA := k.CABundle()

			c.Step(test.after)
			if test.damage != nil {
				secret, err := client.CoreV1().Secrets(testNamespace).Get(context.Background(), testSecret, metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				test.damage(secret)
				if _, err = client.CoreV1().Secrets(testNamespace).Update(context.Background(), secret, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			mustRunOnce(t, k)

			cert, _ := k.CurrentCertKeyContent()
			if got := !bytes.Equal(cert, oldCert); got != test.wantNewCert {
				t.Errorf("new serving certificate = %v, want %v", got, test.wantNewCert)
			}
			if got := !bytes.Equal(k.CABundle(), oldCA); got != test.wantNewCA {
				t.Errorf("new authority = %v, want %v", got, test.wantNewCA)
			}
			trusts(t, k.CABundle(), cert, c.Now())
			if test.wantSameCAKey {
				// A kube-apiserver that still has the old bundle, and a replica that still has the old certificate.
				within := start.Add(backdate)
				trusts(t, oldCA, oldCert, within)
				if test.after < 9*365*24*time.Hour {
					trusts(t, oldCA, cert, c.Now())
				}
			}
		})
	}
}

// A deleted Secret is written again with what is in use, so nothing has to be trusted anew.
func TestKeeperRestoresTheSecret(t *testing.T) {
	client, c := fake.NewClientset(), testingclock.NewFakeClock(start)
	k := newTestKeeper(client, c)
	mustRunOnce(t, k)
	ca := k.CABundle()
	if err := client.CoreV1().Secrets(testNamespace).Delete(context.Background(), testSecret, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	mustRunOnce(t, k)
	if !bytes.Equal(ca, k.CABundle()) {
		t.Error("the authority changed")
	}
	if _, err := client.CoreV1().Secrets(testNamespace).Get(context.Background(), testSecret, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

// The certificate changes while the server runs, and the APIService follows.
func TestRunRotatesAndPublishes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, c := fake.NewClientset(), testingclock.NewFakeClock(start)
	apiServices := aggregatorfake.NewSimpleClientset(&apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: "v1alpha1.argoproj.io"},
		Spec: apiregistrationv1.APIServiceSpec{
			InsecureSkipTLSVerify: true,
			Service:               &apiregistrationv1.ServiceReference{Namespace: testNamespace, Name: testService},
		},
	})
	k := newTestKeeper(client, c)
	mustRunOnce(t, k)
	publisher := NewPublisher(apiServices, "v1alpha1.argoproj.io", testNamespace, testService, k, c)
	go k.Run(ctx, 1)
	go publisher.Run(ctx)

	published := func(want []byte) {
		t.Helper()
		err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			got, err := apiServices.ApiregistrationV1().APIServices().Get(ctx, "v1alpha1.argoproj.io", metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			return bytes.Equal(got.Spec.CABundle, want) && !got.Spec.InsecureSkipTLSVerify, nil
		})
		if err != nil {
			t.Fatalf("the CA bundle was not published: %v", err)
		}
	}
	oldCA := k.CABundle()
	published(oldCA)

	// Both loops wait for the clock; after seven years both certificates are due.
	if err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return c.HasWaiters(), nil
	}); err != nil {
		t.Fatal(err)
	}
	c.Step(7 * 365 * 24 * time.Hour)
	if err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return !bytes.Equal(k.CABundle(), oldCA), nil
	}); err != nil {
		t.Fatal("the authority was not renewed")
	}
	published(k.CABundle())
}

// The bundle of an APIService that belongs to somebody else is none of our business.
func TestPublisherLeavesOthersAlone(t *testing.T) {
	c := testingclock.NewFakeClock(start)
	apiServices := aggregatorfake.NewSimpleClientset(&apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: "v1alpha1.argoproj.io"},
		Spec:       apiregistrationv1.APIServiceSpec{Service: &apiregistrationv1.ServiceReference{Namespace: "other", Name: testService}},
	})
	k := newTestKeeper(fake.NewClientset(), c)
	if err := NewPublisher(apiServices, "v1alpha1.argoproj.io", testNamespace, testService, k, c).sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, action := range apiServices.Actions() {
		if action.GetVerb() != "get" {
			t.Errorf("unexpected %s of the APIService", action.GetVerb())
		}
	}
}
