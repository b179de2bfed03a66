package repository

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/controller/config"
)

func TestResolve_ART10(t *testing.T) {
	holder := func(namespace, name, byDefault string, data map[string]string) *corev1.ConfigMap {
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: data}
		if byDefault != "" {
			c.Annotations = map[string]string{wfv1.AnnotationKeyDefaultArtifactRepository: byDefault}
		}
		return c
	}
	objects := []*corev1.ConfigMap{
		holder("team", ConfigMapName, "main", map[string]string{"main": "s3: {bucket: of-team}", "logs": "archiveLogs: true\ns3: {bucket: logs}", "broken": "s3: {buckets: x}"}),
		holder("nodefault", ConfigMapName, "", map[string]string{"a": "s3: {bucket: a}"}),
		holder("missing", ConfigMapName, "gone", nil),
		holder("system", ConfigMapName, "shared", map[string]string{"shared": "gcs: {bucket: of-all}"}),
		holder("team", "other", "", map[string]string{"key": "azure: {container: c}"}),
		holder("logs", ConfigMapName, "all", map[string]string{"all": "archiveLogs: true\ns3: {bucket: logs}"}),
	}
	kube := fake.NewClientset()
	shared := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, c := range objects {
		if err := kube.Tracker().Add(c); err != nil {
			t.Fatal(err)
		}
		if c.Name == ConfigMapName {
			if err := shared.Add(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	common := &wfv1.ArtifactRepository{S3: &wfv1.S3ArtifactRepository{S3Bucket: wfv1.S3Bucket{Bucket: "common"}}}
	ref := func(configMap, key string) *wfv1.ArtifactRepositoryRef {
		return &wfv1.ArtifactRepositoryRef{ConfigMap: configMap, Key: key}
	}
	cases := map[string]struct {
		namespace string
		ref       *wfv1.ArtifactRepositoryRef
		common    *wfv1.ArtifactRepository
		want      string // namespace/configMap#key kind, or default; empty: none
		problem   string
	}{
		"the namespace's default":       {"team", nil, common, "team/artifact-repositories#main of-team", ""},
		"the installation's":            {"elsewhere", nil, common, "default common", ""},
		"none":                          {"elsewhere", nil, nil, "", ""},
		"a namespace without a default": {"nodefault", nil, common, "default common", ""},
		"a default that is not there":   {"missing", nil, common, "", `config map missing key gone for artifact repository ref "missing/artifact-repositories#gone"`},
		"by key":                        {"team", ref("", "logs"), common, "team/artifact-repositories#logs logs", ""},
		"by ConfigMap":                  {"team", ref("other", "key"), common, "team/other#key c", ""},
		"by ConfigMap without key":      {"team", ref("other", ""), common, "", "no key given, and no annotation"},
		"of the controller's namespace": {"elsewhere", ref("", "shared"), common, "system/artifact-repositories#shared of-all", ""},
		"an empty reference":            {"elsewhere", ref("", ""), common, "system/artifact-repositories#shared of-all", ""},
		"a key that is not there":       {"team", ref("", "x"), common, "", "config map missing key x"},
		"a ConfigMap that is not there": {"team", ref("nosuch", "x"), common, "", `failed to find artifact repository "nosuch#x", neither in namespace team nor in system`},
		"one that cannot be understood": {"team", ref("", "broken"), common, "", `unknown field "buckets"; did you mean bucket?`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := &Resolver{Config: func() *config.Config { return &config.Config{ArtifactRepository: c.common} }, Namespace: "system", Shared: shared, ConfigMaps: kube.CoreV1()}
			found, err := r.Resolve(t.Context(), c.namespace, c.ref)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("%v, want %q", err, c.problem)
				}
				return
			}
			got := ""
			if found != nil {
				got = fmt.Sprintf("%s/%s#%s ", found.Namespace, found.ConfigMap, found.Key)
				if found.Default {
					got = "default "
				}
				switch a := found.ArtifactRepository; {
				case a.S3 != nil:
					got += a.S3.Bucket
				case a.GCS != nil:
					got += a.GCS.Bucket
				case a.Azure != nil:
					got += a.Azure.ContainerName
				}
			}
			if err != nil || got != c.want {
				t.Errorf("%q %v, want %q", got, err, c.want)
			}
		})
	}
	r := &Resolver{Config: func() *config.Config { return &config.Config{} }, Namespace: "system", Shared: shared, ConfigMaps: kube.CoreV1()}
	if r.StoresLogs("team") || !r.StoresLogs("logs") || r.StoresLogs("missing") {
		t.Error("StoresLogs (ART-13)")
	}
}
