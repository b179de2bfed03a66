package groupguard

import (
	"context"
	"errors"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
)

var guard = Guard{
	Group: "argoproj.io", APIService: "v1alpha1.argoproj.io", Namespace: "fairlead-system", Service: "fairlead-apiserver",
	OwnResources: []string{"workflows", "cronworkflows"},
}

func apiService(labels, annotations map[string]string, service string) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: guard.APIService, Labels: labels, Annotations: annotations},
		Spec: apiregistrationv1.APIServiceSpec{
			Service: &apiregistrationv1.ServiceReference{Namespace: "fairlead-system", Name: service},
		},
	}
}

// The group shared with Argo CD, Rollouts and Events (ANCHORS pitfall 24).
func TestClaim(t *testing.T) {
	ours := apiService(nil, nil, "fairlead-apiserver")
	claimed := apiService(nil, map[string]string{claimAnnotation: "fairlead-system/fairlead-apiserver"}, "fairlead-apiserver")
	tests := []struct {
		name       string
		crds       []string
		apiService *apiregistrationv1.APIService
		refusal    []string
		wantClaim  bool
	}{
		{name: "nothing there yet"},
		{name: "free group", crds: []string{"widgets.example.com", "workflows.example.com"}, apiService: ours, wantClaim: true},
		{name: "a group that only ends like ours", crds: []string{"rollouts.sub.argoproj.io"}, apiService: ours, wantClaim: true},
		{
			name: "CRDs of another project", crds: []string{"rollouts.argoproj.io", "applications.argoproj.io"}, apiService: ours,
			refusal: []string{"applications.argoproj.io, rollouts.argoproj.io", "FAIRLEAD_API_GROUP"},
		},
		{
			name: "CRDs before the APIService", crds: []string{"applications.argoproj.io"},
			refusal: []string{"applications.argoproj.io"},
		},
		{
			name: "leftover of another workflow engine", crds: []string{"workflows.argoproj.io"}, apiService: ours,
			refusal: []string{"kubectl delete crd workflows.argoproj.io"},
		},
		{
			name: "managed by kube-apiserver", apiService: apiService(map[string]string{automanagedLabel: "true"}, nil, "fairlead-apiserver"),
			refusal: []string{"automanaged=true", "kubectl delete apiservice v1alpha1.argoproj.io"},
		},
		{
			name: "managed at start", apiService: apiService(map[string]string{automanagedLabel: "onstart"}, nil, "fairlead-apiserver"),
			refusal: []string{"automanaged=onstart"},
		},
		{name: "label says unmanaged", apiService: apiService(map[string]string{automanagedLabel: "false"}, nil, "fairlead-apiserver"), wantClaim: true},
		{name: "CRD that came after the claim", crds: []string{"rollouts.argoproj.io"}, apiService: claimed, wantClaim: true},
		{
			name: "claim of another installation", crds: []string{"rollouts.argoproj.io"},
			apiService: apiService(nil, map[string]string{claimAnnotation: "other/fairlead-apiserver"}, "fairlead-apiserver"),
			refusal:    []string{"rollouts.argoproj.io"},
		},
		{
			name: "APIService of another server", apiService: apiService(nil, nil, "somebody-else"),
			refusal: []string{"fairlead-system/somebody-else", "kubectl delete apiservice v1alpha1.argoproj.io"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			var definitions []runtime.Object
			for _, name := range test.crds {
				definitions = append(definitions, &metav1.PartialObjectMetadata{
					TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
					ObjectMeta: metav1.ObjectMeta{Name: name},
				})
			}
			var objects []runtime.Object
			if test.apiService != nil {
				objects = append(objects, test.apiService.DeepCopy())
			}
			apiServices := aggregatorfake.NewSimpleClientset(objects...)

			err := guard.Claim(context.Background(), metadatafake.NewSimpleMetadataClient(scheme, definitions...), apiServices)
			var refused *RefusedError
			if len(test.refusal) > 0 && !errors.As(err, &refused) {
				t.Fatalf("Claim() = %v, want a refusal", err)
			}
			if len(test.refusal) == 0 && err != nil {
				t.Fatalf("Claim() = %v, want nil", err)
			}
			for _, want := range test.refusal {
				if !strings.Contains(refused.Error(), want) {
					t.Errorf("refusal lacks %q: %s", want, refused)
				}
			}
			if test.apiService == nil {
				return
			}
			after, err := apiServices.ApiregistrationV1().APIServices().Get(context.Background(), guard.APIService, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := after.Annotations[claimAnnotation] == guard.claim(); got != test.wantClaim {
				t.Errorf("claimed = %v, want %v", got, test.wantClaim)
			}
		})
	}
}

// The server registers itself: applying an APIService by hand would hide other projects' resources before the guard could
// speak, even when kube-apiserver takes the change back.
func TestRegister(t *testing.T) {
	ctx := context.Background()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: ownerRole, UID: "role"}}
	t.Run("new", func(t *testing.T) {
		apiServices := aggregatorfake.NewSimpleClientset()
		if err := guard.Register(ctx, apiServices, fake.NewClientset(role).RbacV1().ClusterRoles(), []byte("CA")); err != nil {
			t.Fatal(err)
		}
		got, err := apiServices.ApiregistrationV1().APIServices().Get(ctx, guard.APIService, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		spec := got.Spec
		if spec.Group != "argoproj.io" || spec.Version != "v1alpha1" || string(spec.CABundle) != "CA" || spec.InsecureSkipTLSVerify || !guard.pointsHere(got) {
			t.Errorf("spec = %+v", spec)
		}
		if got.Annotations[claimAnnotation] != guard.claim() {
			t.Errorf("annotations = %v", got.Annotations)
		}
		if len(got.OwnerReferences) != 1 || got.OwnerReferences[0].UID != "role" || got.OwnerReferences[0].BlockOwnerDeletion != nil {
			t.Errorf("owners = %v", got.OwnerReferences)
		}
	})
	t.Run("without the role that owns it", func(t *testing.T) {
		apiServices := aggregatorfake.NewSimpleClientset()
		if err := guard.Register(ctx, apiServices, fake.NewClientset().RbacV1().ClusterRoles(), nil); err != nil {
			t.Fatal(err)
		}
		got, err := apiServices.ApiregistrationV1().APIServices().Get(ctx, guard.APIService, metav1.GetOptions{})
		if err != nil || len(got.OwnerReferences) != 0 {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("exists", func(t *testing.T) {
		apiServices := aggregatorfake.NewSimpleClientset(apiService(nil, nil, "fairlead-apiserver"))
		if err := guard.Register(ctx, apiServices, fake.NewClientset(role).RbacV1().ClusterRoles(), []byte("CA")); err != nil {
			t.Fatal(err)
		}
		for _, action := range apiServices.Actions() {
			if verb := action.GetVerb(); verb != "get" && verb != "create" {
				t.Errorf("unexpected %s", verb)
			}
		}
	})
}
