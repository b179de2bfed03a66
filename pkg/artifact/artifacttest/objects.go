package artifacttest

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Objects is what a fake of an object store holds: contents by key.
type Objects struct {
	sync.Mutex
	Content map[string][]byte
	// Fail, if not 0, is the status that the next requests are answered with.
	Fail int
}

// Modified is when all objects were stored.
var Modified = time.Unix(1700000000, 0).UTC()

// Keys returns the keys that begin with prefix, sorted.
func (o *Objects) Keys(prefix string) []string {
	o.Lock()
	defer o.Unlock()
	var keys []string
	for key := range o.Content {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Get returns a content.
func (o *Objects) Get(key string) ([]byte, bool) {
	o.Lock()
	defer o.Unlock()
	content, ok := o.Content[key]
	return content, ok
}

// Put stores a content.
func (o *Objects) Put(key string, content []byte) {
	o.Lock()
	defer o.Unlock()
	if o.Content == nil {
		o.Content = map[string][]byte{}
	}
	o.Content[key] = content
}

// Delete removes a content and tells whether there was one.
func (o *Objects) Delete(key string) bool {
	o.Lock()
	defer o.Unlock()
	_, ok := o.Content[key]
	delete(o.Content, key)
	return ok
}

// Serve answers a GET or HEAD of an object, with ranges.
func (o *Objects) Serve(w http.ResponseWriter, request *http.Request, key string) bool {
	content, ok := o.Get(key)
	if !ok {
		return false
	}
	w.Header().Set("ETag", ETag(content))
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, request, "", Modified, strings.NewReader(string(content)))
	return true
}

// ETag of a content, in quotes.
func ETag(content []byte) string {
	hash := fnv.New64a()
	_, _ = hash.Write(content)
	return fmt.Sprintf(`"%x"`, hash.Sum64())
}
