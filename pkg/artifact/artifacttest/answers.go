package artifacttest

import (
	"encoding/xml"
	"strings"
	"testing"

	"fairlead.dev/fairlead/pkg/artifact"
)

// Answers checks what a driver makes of the statuses that a service answers with: which of them are tried again, and that the
// message is one line without a secret. call is some operation of the driver.
func Answers(t *testing.T, o *Objects, call func() error, secrets ...string) {
	t.Helper()
	defer o.fail(0)
	for code, transient := range map[int]bool{403: false, 409: false, 503: true} {
		o.fail(code)
		err := call()
		if err == nil || artifact.Transient(err) != transient || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d: transient=%t: %v", code, artifact.Transient(err), err)
			continue
		}
		for _, secret := range secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%d: the message shows a secret: %v", code, err)
			}
		}
	}
}

func (o *Objects) fail(code int) {
	o.Lock()
	defer o.Unlock()
	o.Fail = code
}

// Page returns the first keys that begin with prefix, from a key on, and the key that the next page begins with; empty: there
// is none. Services answer long lists in pages; those of the tests have two entries.
func (o *Objects) Page(prefix, from string) (keys []string, next string) {
	const size = 2
	for _, key := range o.Keys(prefix) {
		switch {
		case key < from:
		case len(keys) == size:
			return keys, key
		default:
			keys = append(keys, key)
		}
	}
	return keys, ""
}

// XMLText is a text as it stands in an XML document.
func XMLText(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text))
	return escaped.String()
}
