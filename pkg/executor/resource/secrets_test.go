package resource

import "testing"

// TPL-03: the log of a step shows no content of Secrets, alone or in a list, and everything else as kubectl prints it.
func TestWithoutSecrets(t *testing.T) {
	const (
		secret = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"login"},"data":{"password":"aHVudGVyMg=="}}`
		pod    = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}`
		other  = `{"apiVersion":"example.com/v1","kind":"Secret","metadata":{"name":"of-others"}}`
	)
	for out, want := range map[string]string{
		pod: pod, other: other, pod + pod: pod + pod,
		secret:       "secret/login\n",
		pod + secret: "pod/p\nsecret/login\n",
		`{"apiVersion":"v1","kind":"List","items":[` + pod + `,` + secret + `]}`: "pod/p\nsecret/login\n",
		`{"apiVersion":"v1","kind":"List","items":[` + pod + `]}`:                `{"apiVersion":"v1","kind":"List","items":[` + pod + `]}`,
		`{"apiVersion":"v1","kind":"List","items":[7]}`:                          "",
	} {
		objects, err := objectsIn([]byte(out))
		if err != nil {
			t.Errorf("%s: %v", out, err)
			continue
		}
		if got := string(withoutSecrets([]byte(out), objects)); got != want {
			t.Errorf("%s\nshown as %s\nwant %s", out, got, want)
		}
	}
}
