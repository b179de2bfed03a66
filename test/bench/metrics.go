package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

const (
	systemNamespace   = "fairlead-system"
	controllerProcess = "fairlead-controller"
	serverProcess     = "fairlead-apiserver"
	kubeProcess       = "kube-apiserver"
	ownProcess        = "bench"

	// metricsReader is the service account, and its role, that reads the metrics of Fairlead's pods.
	metricsReader = "fairlead-bench-metrics"
)

// processTimes are CPU seconds since the start, by process; replicas are added up.
type processTimes map[string]float64

type families map[string]*dto.MetricFamily

// processes reads what every process involved has spent so far, each from its own metrics.
func (b *bench) processes(ctx context.Context) (processTimes, error) {
	times := processTimes{}
	for _, p := range []struct {
		name, scheme string
		port         int
	}{{controllerProcess, "http", 9090}, {serverProcess, "https", 6443}} {
		pods, err := b.kube.CoreV1().Pods(systemNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + p.name})
		if err != nil {
			return nil, err
		}
		if len(pods.Items) == 0 {
			return nil, fmt.Errorf("namespace %s has no pod of %s", systemNamespace, p.name)
		}
		for i := range pods.Items {
			metrics, err := b.scrapePod(ctx, &pods.Items[i], p.scheme, p.port)
			if err != nil {
				return nil, fmt.Errorf("metrics of pod %s: %w", pods.Items[i].Name, err)
			}
			seconds, err := cpuSeconds(metrics)
			if err != nil {
				return nil, fmt.Errorf("metrics of pod %s: %w", pods.Items[i].Name, err)
			}
			times[p.name] += seconds
		}
	}
	metrics, err := b.scrapeKube(ctx)
	if err != nil {
		return nil, err
	}
	if times[kubeProcess], err = cpuSeconds(metrics); err != nil {
		return nil, err
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return nil, err
	}
	times[ownProcess] = time.Duration(own.Utime.Nano() + own.Stime.Nano()).Seconds()
	return times, nil
}

func cpuSeconds(metrics families) (float64, error) {
	f := metrics["process_cpu_seconds_total"]
	if f == nil || len(f.Metric) == 0 {
		return 0, fmt.Errorf("process_cpu_seconds_total is not among them")
	}
	return f.Metric[0].GetCounter().GetValue(), nil
}

// kubeWrites sums kube-apiserver's successful writes by verb and resource, e.g. "PATCH pods/status".
func (b *bench) kubeWrites(ctx context.Context) (map[string]float64, error) {
	metrics, err := b.scrapeKube(ctx)
	if err != nil {
		return nil, err
	}
	writes := map[string]float64{}
	for _, m := range metrics["apiserver_request_total"].GetMetric() {
		label := map[string]string{}
		for _, pair := range m.Label {
			label[pair.GetName()] = pair.GetValue()
		}
		if !strings.HasPrefix(label["code"], "2") || label["dry_run"] != "" {
			continue
		}
		what := label["resource"]
		if label["subresource"] != "" {
			what += "/" + label["subresource"]
		}
		verb := label["verb"]
		if verb == "APPLY" {
			verb = "PATCH"
		}
		writes[verb+" "+what] += m.GetCounter().GetValue()
	}
	return writes, nil
}

func (b *bench) scrapeKube(ctx context.Context) (families, error) {
	text, err := b.kube.CoreV1().RESTClient().Get().AbsPath("/metrics").Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("metrics of kube-apiserver: %w", err)
	}
	defer text.Close()
	return parse(text)
}

func parse(text io.Reader) (families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(text)
}

// scrapePod reads a pod's /metrics through a port forward: the pod proxy of kube-apiserver would drop the token.
func (b *bench) scrapePod(ctx context.Context, pod *corev1.Pod, scheme string, port int) (families, error) {
	token, err := b.metricsToken(ctx)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(b.config)
	if err != nil {
		return nil, err
	}
	host, err := url.Parse(b.config.Host)
	if err != nil {
		return nil, err
	}
	host.Path = fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/portforward", pod.Namespace, pod.Name)
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, host)
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	defer close(stop)
	forward, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	go func() { ended <- forward.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		return nil, fmt.Errorf("port forward: %w", err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ports, err := forward.GetPorts()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s://127.0.0.1:%d/metrics", scheme, ports[0].Local), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	// The forward leads to this very pod, and its certificate is for the service's name.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", response.Status)
	}
	return parse(response.Body)
}

// metricsToken makes a service account that may read metrics and nothing else, and a token of it.
func (b *bench) metricsToken(ctx context.Context) (string, error) {
	meta := metav1.ObjectMeta{Name: metricsReader}
	account := &corev1.ServiceAccount{ObjectMeta: meta}
	role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: metricsReader},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: systemNamespace, Name: metricsReader}},
	}
	_, err := b.kube.CoreV1().ServiceAccounts(systemNamespace).Create(ctx, account, metav1.CreateOptions{})
	if ignoreExists(err) != nil {
		return "", err
	}
	if _, err := b.kube.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); ignoreExists(err) != nil {
		return "", err
	}
	if _, err := b.kube.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); ignoreExists(err) != nil {
		return "", err
	}
	token, err := b.kube.CoreV1().ServiceAccounts(systemNamespace).CreateToken(ctx, metricsReader, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	return token.Status.Token, nil
}

// forgetToken deletes what metricsToken made.
func (b *bench) forgetToken(ctx context.Context) error {
	if err := b.kube.RbacV1().ClusterRoleBindings().Delete(ctx, metricsReader, metav1.DeleteOptions{}); ignoreNotFound(err) != nil {
		return err
	}
	if err := b.kube.RbacV1().ClusterRoles().Delete(ctx, metricsReader, metav1.DeleteOptions{}); ignoreNotFound(err) != nil {
		return err
	}
	return ignoreNotFound(b.kube.CoreV1().ServiceAccounts(systemNamespace).Delete(ctx, metricsReader, metav1.DeleteOptions{}))
}
