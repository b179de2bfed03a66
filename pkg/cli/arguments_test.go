package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/cli/client"
)

// What is wrong with a command line is said before any cluster is asked.
func TestWrongCommandLines(t *testing.T) {
	file := filepath.Join("..", "..", "artifacts", "examples", "hello-world.yaml")
	for _, tc := range []struct {
		args, want string
	}{
		{"sumbit", "did you mean submit?"},
		{"nonsense", `'kubectl workflow' has no command "nonsense"`},
		{"cron nonsense", `'kubectl workflow cron' has no command "nonsense"`},
		{"template updat", "did you mean update?"},
		{"list x", `"x" is one argument too many for 'kubectl workflow list'`},
		{"list --status late", `"late" is no status of a workflow`},
		{"list --since long", `"long" is not a duration`},
		{"list --running --completed", "give one of --completed and --running"},
		{"list -o table", `"table" is not one of wide, `},
		{"list -o jsonpath={", "--output: "},
		{"submit " + file + " -o table", `"table" is not one of`},
		{"submit " + file + " --name a --generate-name b", "give one of --name and --generate-name"},
		{"submit " + file + " --wait --log", "give one of --wait and --log"},
		{"submit - -f -", "standard input is either"},
		{"submit " + file + " -p x", "NAME=VALUE"},
		{"submit --from pod/x", "--from: "},
		{"submit " + filepath.Dir(file), "is a directory"},
		{"retry x --watch --wait", "give one of --watch and --wait"},
		{"retry x --node-field-selector a=b --restart-successful", `cannot be selected by "a"`},
		{"stop x --node-field-selector a", "--node-field-selector: "},
		{"artifacts cp", "name a workflow"},
		{"artifacts ls a b", "one argument too many"},
		{"cron suspend", "kubectl workflow cron list"},
		{"cron backfill a b", "one argument too many"},
		{"template get", "kubectl workflow template list"},
		{"template create", "name files"},
		{"completion", "name a shell"},
		{"completion tcsh", "tcsh"},
		{"version x", "one argument too many"},
		{"get", "@latest"},
		{"watch a b", "one workflow at a time"},
		{"watch a -o json", "kubectl get --watch"},
		{"logs", "name a workflow"},
		{"lint", "name files"},
		{"lint " + file + " --kinds pods", `"pods" is none of all, workflows`},
		{"lint " + file + " --offline --dry-run=server", "leave out one of them"},
		{"lint " + file + " --kinds cronworkflows", "nothing to lint in"},
		{"list --nonsense", "See 'kubectl workflow list --help'"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			out, errs, code := run(t, "", strings.Fields(tc.args)...)
			if code != 1 || !strings.HasPrefix(errs, "Error: ") || !strings.Contains(errs, tc.want) || out != "" {
				t.Errorf("exit code %d, want %q:\n%s%s", code, tc.want, out, errs)
			}
		})
	}
}

// Commands that others are below show them.
func TestGroupsShowTheirCommands(t *testing.T) {
	for _, group := range []string{"cron", "template", "clustertemplate", "artifacts", "node"} {
		if out, errs, code := run(t, "", group); code != 0 || !strings.Contains(out, "kubectl workflow "+group+" COMMAND") || errs != "" {
			t.Errorf("%s: exit code %d\n%s%s", group, code, out, errs)
		}
	}
}

// What -o name prints can be given to every command.
func TestBareName(t *testing.T) {
	for _, tc := range []struct{ resource, arg, want string }{
		{client.Workflows, "x", "x"}, {client.Workflows, "workflow/x", "x"}, {client.Workflows, "workflow.argoproj.io/x", "x"},
		{client.Workflows, "workflows.example.com/x", "x"}, {client.Workflows, "wf/x", "x"}, {client.Workflows, "@latest", "@latest"},
		{client.Workflows, "pod/x", ""}, {client.Workflows, "workflow/", ""}, {client.Workflows, "cronworkflow/x", ""},
		{client.CronWorkflows, "cronworkflow.argoproj.io/x", "x"}, {client.WorkflowTemplates, "wftmpl/x", "x"},
	} {
		if got, err := bareName(tc.resource, tc.arg); got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s of %s: %q, %v", tc.arg, tc.resource, got, err)
		}
	}
	if names, err := bareNames(client.Workflows, []string{"a", "wf/a", "b"}); err != nil || strings.Join(names, " ") != "a b" {
		t.Errorf("%q, %v", names, err)
	}
}
