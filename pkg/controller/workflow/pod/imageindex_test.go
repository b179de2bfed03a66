package pod

import "testing"

// POD-02: the index is asked before the registry, by the name in the template, then for any tag.
func TestImageIndex(t *testing.T) {
	s := Settings{Images: map[string]ImageCommand{
		"tool:v1":                {Entrypoint: []string{"one"}},
		"tool:*":                 {Entrypoint: []string{"any"}},
		"registry:5000/a/tool:*": {Entrypoint: []string{"mine"}},
	}}
	for image, want := range map[string]string{
		"tool:v1":                   "one",
		"tool:v2":                   "any",
		"tool":                      "any",
		"registry:5000/a/tool":      "mine",
		"registry:5000/a/tool:v3":   "mine",
		"registry:5000/tool:v3":     "",
		"tool@sha256:0123456789":    "",
		"tool:v1@sha256:0123456789": "",
		"other/tool:v1":             "",
		"toolbox:v1":                "",
	} {
		got, known := s.imageCommand(image)
		if known != (want != "") || known && got.Entrypoint[0] != want {
			t.Errorf("%s: %v, %t; want %q", image, got, known, want)
		}
	}
}
