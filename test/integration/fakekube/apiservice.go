package fakekube

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func init() { utilruntime.Must(apiregistrationv1.AddToScheme(scheme.Scheme)) }

// Register makes the APIService of Fairlead's group, or changes it, to name this authority.
func (s *Server) Register(t testing.TB, caBundle []byte) {
	t.Helper()
	c := s.collection("apiservices")
	name := wfv1.Version + "." + wfv1.GroupName
	service := &apiregistrationv1.APIService{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiregistrationv1.SchemeGroupVersion.String(), Kind: "APIService"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: apiregistrationv1.APIServiceSpec{
			Group: wfv1.GroupName, Version: wfv1.Version, CABundle: caBundle,
			Service: &apiregistrationv1.ServiceReference{Namespace: "fairlead-system", Name: "fairlead-apiserver"},
		},
	}
	if _, made := c.create(service); made {
		return
	}
	_, err := c.modify(objectKey("", name), func(now runtime.Object) (runtime.Object, error) {
		service.UID = access(now).GetUID()
		return service, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
