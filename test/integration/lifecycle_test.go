package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"fairlead.dev/fairlead/cmd/fairlead-apiserver/app"
	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/test/integration/harness"
)

// What was acknowledged before the end of the server is there after its next start, with the same UID and version.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	watcher, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()

	// Several clients write until the server does not take any more.
	acknowledged := make([]map[string]*v1alpha1.Workflow, 4)
	var begun, done sync.WaitGroup
	for i := range acknowledged {
		acknowledged[i] = map[string]*v1alpha1.Workflow{}
		begun.Add(1)
		done.Go(func() {
			begin := sync.OnceFunc(begun.Done)
			for j := 0; ; j++ {
				created, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), newWorkflow(fmt.Sprintf("wf-%d-%d", i, j)), metav1.CreateOptions{})
				if err != nil {
					begin()
					return
				}
				acknowledged[i][created.Name] = created
				if j == 10 {
					begin()
				}
			}
		})
	}
	begun.Wait()
	server.Stop(t)
	done.Wait()

	restarted := harness.StartServer(t, harness.WithStorageDir(server.DataDir))
	list, err := restarted.Client.ArgoprojV1alpha1().Workflows(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]v1alpha1.Workflow{}
	for _, workflow := range list.Items {
		stored[workflow.Name] = workflow
	}
	count := 0
	for _, workflows := range acknowledged {
		for name, workflow := range workflows {
			count++
			if got := stored[name]; got.UID != workflow.UID || got.ResourceVersion != workflow.ResourceVersion {
				t.Errorf("%s: %s/%s is now %s/%s", name, workflow.UID, workflow.ResourceVersion, got.UID, got.ResourceVersion)
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d workflows were created", count)
	}
}

// Values are compressed on their way to the disk.
func TestStorageIsCompressed(t *testing.T) {
	t.Parallel()
	const marker = "this-text-would-be-found-in-the-database-file"
	server := harness.StartServer(t)
	workflow := newWorkflow("compressed")
	workflow.Spec.Templates = append(workflow.Spec.Templates, v1alpha1.Template{Name: "script", Script: &v1alpha1.ScriptTemplate{Source: strings.Repeat(marker+"\n", 1000)}})
	workflow.Spec.Templates[1].Script.Image = "busybox"
	if _, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), workflow, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	err := filepath.WalkDir(server.DataDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && strings.Count(string(content), marker) > 10 {
			t.Errorf("%s holds the object uncompressed", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	o := app.NewOptions()
	o.APIGroup = "example.com"
	o.Identity.Namespace = ""
	o.Storage.DataDir = ""
	o.Storage.InlineNodesBytes = -1
	err := o.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"--api-group", v1alpha1.GroupNameEnv, "--cert-namespace", "--data-dir", "--inline-nodes-bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %s: %v", want, err)
		}
	}
}

// The API group is a setting (DESIGN 5): the tests of this package pass with another one too, in a process of its own
// because the group is fixed when a process starts.
func TestSecondGroup(t *testing.T) {
	if os.Getenv(v1alpha1.GroupNameEnv) != "" {
		t.Skip("this is the process with the second group")
	}
	if testing.Short() {
		t.Skip("runs all tests of this package once more")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Those that take long and have nothing to do with the group are left out.
	skip := "^(TestSecondGroup|TestKilledControllerContinuesEveryRun|TestReadsGiveTheirMemoryBack)$"
	command := exec.CommandContext(t.Context(), executable, "-test.short", "-test.skip="+skip)
	command.Env = append(os.Environ(), v1alpha1.GroupNameEnv+"=workflows.example.com")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("with the group workflows.example.com: %v\n%s", err, output)
	}
}

// Only the group that was set is served.
func TestServedGroup(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t)
	want := v1alpha1.DefaultGroupName
	if other := os.Getenv(v1alpha1.GroupNameEnv); other != "" {
		want = other
	}
	groups, err := server.Client.Discovery().ServerGroups()
	if err != nil || len(groups.Groups) != 1 || groups.Groups[0].Name != want {
		t.Errorf("groups: %v, %v", groups, err)
	}
	workflow := newWorkflow("x")
	workflow.Spec.Suspend = ptr.To(true)
	created, err := server.Client.ArgoprojV1alpha1().Workflows(namespace).Create(t.Context(), workflow, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := created.ManagedFields[0].APIVersion; got != want+"/v1alpha1" {
		t.Errorf("managed fields are of %s", got)
	}
}
