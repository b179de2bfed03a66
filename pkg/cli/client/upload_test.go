package client

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"
)

// shelf takes uploads as a server does.
type shelf struct {
	t *testing.T
	// parts are refused if false.
	inParts bool
	// cut breaks so many connections off, in the middle of a part.
	cut int
	// refuse answers requests with a query that has this in it with 403.
	refuse string

	lock    sync.Mutex
	queries []string
	content []byte
	done    bool
}

// ServeHTTP implements http.Handler.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	query := r.URL.Query()
	s.queries = append(s.queries, r.URL.RawQuery)
	answer := func(upload string) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"items":[{"path":"","name":"f","key":"uploads/ns/u/f","upload":%q}]}`, upload)
	}
	fail := func(code int, message string) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"message":%q}`, code, message)
	}
	switch {
	case s.refuse != "" && strings.Contains(r.URL.RawQuery, s.refuse):
		fail(http.StatusForbidden, "not you")
	case query.Get("upload") == "new" && s.inParts:
		answer("u.1")
	case query.Get("upload") == "new":
		fail(http.StatusNotImplemented, "not in parts")
	case query.Has("offset") && s.cut > 0:
		s.cut--
		_, _ = io.CopyN(io.Discard, r.Body, 1000)
		panic(http.ErrAbortHandler)
	case query.Has("offset"):
		offset, _ := strconv.Atoi(query.Get("offset"))
		if offset > len(s.content) {
			s.t.Errorf("a part at %d after %d bytes", offset, len(s.content))
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.content = append(s.content[:offset], body...)
		answer("u.1")
	case query.Has("complete"):
		s.done = query.Get("complete") == strconv.Itoa(len(s.content))
		answer("")
	case query.Has("abort"):
		s.content = nil
		answer("")
	default:
		body, err := io.ReadAll(r.Body)
		if s.cut > 0 || err != nil {
			panic(http.ErrAbortHandler)
		}
		s.content, s.done = body, true
		answer("")
	}
}

// ART-17: a large file goes in parts, each within the minute that a request has, and what breaks off is sent again.
func TestUpload(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcde\n"), (2*partSize+4096)/16)
	for _, tc := range []struct {
		name    string
		shelf   *shelf
		content []byte
		queries []string // what they have in them; nil: one without
		err     string
	}{
		{"small", &shelf{inParts: true}, large[:partSize], []string{""}, ""},
		{"empty", &shelf{inParts: true}, nil, []string{""}, ""},
		{"in parts", &shelf{inParts: true}, large, []string{"upload=new", "offset=0", "offset=5242880", "offset=10485760", "complete=10489856"}, ""},
		{"broken off", &shelf{inParts: true, cut: 3}, large, []string{"upload=new", "offset=0", "offset=0", "offset=0", "offset=0", "offset=5242880", "offset=10485760", "complete="}, ""},
		{"refused", &shelf{inParts: true, refuse: "offset=5242880"}, large, []string{"upload=new", "offset=0", "offset=5242880", "abort=true"}, "at byte 5242880 of 10489856: not you"},
		{"a store that takes no parts", &shelf{}, large, []string{"upload=new", ""}, ""},
		{"and a slow line", &shelf{cut: 1}, large, []string{"upload=new", ""}, "give its key with --artifact-key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.shelf
			s.t = t
			server := httptest.NewServer(s)
			defer server.Close()
			clock := testingclock.NewFakeClock(time.Now())
			ctx := t.Context()
			go func() { // time passes whenever somebody waits for it
				for ctx.Err() == nil {
					if clock.HasWaiters() {
						clock.Step(longestPause)
					}
				}
			}()
			c, err := New(&rest.Config{Host: server.URL}, gv, clock)
			if err != nil {
				t.Fatal(err)
			}
			var shown sync.Mutex
			var most int64
			file := File{Purpose: "p", Name: "f", Content: bytes.NewReader(tc.content), Size: int64(len(tc.content)), Sent: func(n int64) {
				shown.Lock()
				defer shown.Unlock()
				most = max(most, n)
			}}
			key, err := c.Upload(ctx, "ns", file, Repository{ConfigMap: "repos"})
			s.lock.Lock() // an answer that was cut off may still be under way
			defer s.lock.Unlock()
			shown.Lock()
			defer shown.Unlock()
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || s.done {
					t.Errorf("%v", err)
				}
			} else if err != nil || key != "uploads/ns/u/f" || !s.done || !bytes.Equal(s.content, tc.content) || most != file.Size {
				t.Errorf("%q, %v: %d bytes of %d arrived, %d were shown", key, err, len(s.content), file.Size, most)
			}
			if len(s.queries) != len(tc.queries) {
				t.Fatalf("requests %q, want %q", s.queries, tc.queries)
			}
			for i, query := range s.queries {
				if !strings.Contains(query, tc.queries[i]) || !strings.Contains(query, "configMap=repos") || tc.queries[i] == "" && strings.Contains(query, "upload") {
					t.Errorf("request %d: %s, want %s", i, query, tc.queries[i])
				}
			}
		})
	}
}
