package main

import "strings"

// nodeLabels are set on every node of the cluster: one example selects by a label that new kubelets no longer set.
var nodeLabels = map[string]string{"beta.kubernetes.io/arch": "amd64"}

// need is what a manifest presumes to be there. The catalogue says it in prose, this is the same in objects.
type need struct {
	// files are other examples whose objects are applied first.
	files []string
	// objects are YAML documents that no example has.
	objects string
	// repositoryKey and bucket are a repository of the example's namespace, in the installation's store.
	repositoryKey, bucket string
	// lacking is what the local cluster can never have; the example is left out.
	lacking string
}

const (
	simpleParameters = "configmaps/simple-parameters-configmap.yaml"
	namespacedOnes   = "workflow-template/templates.yaml"
	clusterOnes      = "cluster-workflow-template/clustertemplates.yaml"
)

// mayEdit lets the service account of the pods change what is in the namespace, workflows included.
const mayEdit = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: conformance-edit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, name: default}]
`

const semaphores = `
apiVersion: v1
kind: ConfigMap
metadata: {name: my-config}
data: {workflow: "1", template: "2"}
`

const passwordSecret = `
apiVersion: v1
kind: Secret
metadata: {name: my-secret}
stringData: {mypassword: S00perS3cretPa55word}
`

var needs = map[string]need{
	"arguments-parameters-from-configmap.yaml":                             {files: []string{simpleParameters}},
	"global-parameters-from-configmap.yaml":                                {files: []string{simpleParameters}},
	"global-parameters-from-configmap-referenced-as-local-variable.yaml":   {files: []string{simpleParameters}},
	"dag-inline-cronworkflow.yaml":                                         {files: []string{"dag-inline-workflowtemplate.yaml"}},
	"volumes-existing.yaml":                                                {files: []string{"testvolume.yaml"}},
	"cluster-workflow-template/mixed-cluster-namespaced-wftmpl-steps.yaml": {files: []string{clusterOnes, namespacedOnes}},
	"secrets.yaml":                            {objects: passwordSecret},
	"synchronization-tmpl-level.yaml":         {objects: semaphores},
	"synchronization-wf-level.yaml":           {objects: semaphores},
	"memoize-simple.yaml":                     {objects: mayEdit},
	"artifact-repository-ref.yaml":            {repositoryKey: "my-key", bucket: "my-bucket"},
	"data-transformations.yaml":               {repositoryKey: "my-store", bucket: "my-bucket"},
	"handle-large-output-results.yaml":        {lacking: "the image stedolan/jq"},
	"daemoned-stateful-set-with-service.yaml": {objects: mayEdit},
	"resource-delete-with-flags.yaml":         {objects: mayEdit},
}

// needsOf returns what an example presumes.
func needsOf(path string) need {
	if n, ok := needs[path]; ok {
		return n
	}
	switch {
	case strings.HasPrefix(path, "cluster-workflow-template/") && path != clusterOnes:
		return need{files: []string{clusterOnes}}
	case strings.HasPrefix(path, "workflow-template/") && path != namespacedOnes:
		return need{files: []string{namespacedOnes}}
	case strings.HasPrefix(path, "k8s-"):
		return need{objects: mayEdit}
	}
	return need{}
}
