package app

import (
	"bytes"
	"context"
	"strings"
	"testing"

	logsapi "k8s.io/component-base/logs/api/v1"
)

// Flags and logging of the command as the manifests use them; the run ends at the first thing that is wrong.
func TestCommand(t *testing.T) {
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	tests := []struct {
		name string
		args []string
		want string
	}{
		{name: "group differs", args: []string{"--api-group=example.com", "--cert-namespace=x"}, want: "FAIRLEAD_API_GROUP"},
		{name: "no namespace", args: []string{}, want: "--cert-namespace is required"},
		{name: "no cluster", args: []string{"--cert-namespace=x", "--kubeconfig=/does/not/exist"}, want: "find the kube-apiserver"},
		{name: "unknown flag", args: []string{"--frobnicate"}, want: "unknown flag"},
		{
			name: "certificate files",
			args: []string{"--cert-namespace=x", "--tls-cert-file=/a", "--kubeconfig=/does/not/exist"}, want: "find the kube-apiserver",
		},
		{
			name: "unknown admission plugin", args: []string{"--cert-namespace=x", "--disable-admission-plugins=Nothing"},
			want: `disable-admission-plugins plugin "Nothing" is unknown`,
		},
		{
			name: "all of the contract",
			args: []string{
				"--cert-namespace=x", "--data-dir=/var/lib/fairlead", "--inline-nodes-bytes=65536", "--api-group=argoproj.io", "--secure-port=6443",
				"--accept-data-loss", "--service-name=s", "--apiservice-name=a", "--shutdown-delay-duration=1s", "--audit-policy-file=", "-v=0",
				"--feature-gates=", "--logging-format=text", "--kubeconfig=/does/not/exist",
			},
			want: "find the kube-apiserver",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(podNamespaceEnv, "")
			var output bytes.Buffer
			command := NewCommand(context.Background())
			command.SetArgs(test.args)
			command.SetOut(&output)
			command.SetErr(&output)
			err := command.Execute()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}
