package managers

import (
	"strings"
	"testing"
)

// As in ordinary writes, the request names the manager, or else the program does.
func TestNameOf(t *testing.T) {
	for _, tc := range []struct{ name, given, agent, want string }{
		{"said", "mine", "kubectl/v1.37", "mine"},
		{"the program", "", "kubectl-workflow/v0.1.0 (linux/amd64)", "kubectl-workflow"},
		{"no version", "", "curl", "curl"},
		{"what cannot be printed", "", "a\tb\x7f/1", "ab"},
		{"too long", "", strings.Repeat("ä", 100) + "/1", strings.Repeat("ä", 64)},
		{"nobody", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := nameOf(WithClient(t.Context(), tc.agent), tc.given); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := nameOf(t.Context(), ""); got != "" {
		t.Errorf("without a request: %q", got)
	}
}
