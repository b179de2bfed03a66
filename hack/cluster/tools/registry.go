package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

// registry serves the pull half of the distribution protocol over stores; the
// first store that has an image wins. It stands for all registries at once:
// containerd says in the query which host it is asking for.
type registry []store

// ServeHTTP answers /v2/, .../manifests/TAG-OR-DIGEST and .../blobs/DIGEST.
func (r registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "this registry can only be read")
		return
	}
	rest, ok := strings.CutPrefix(req.URL.Path, "/v2/")
	if !ok || rest == "" {
		fmt.Fprint(w, "{}")
		return
	}
	if at := strings.LastIndex(rest, "/blobs/"); at >= 0 {
		r.serve(w, req, "application/octet-stream", rest[at+len("/blobs/"):])
		return
	}
	at := strings.LastIndex(rest, "/manifests/")
	if at < 0 {
		refuse(w, http.StatusNotFound, "UNSUPPORTED", "neither a manifest nor a blob")
		return
	}
	repository, reference := rest[:at], rest[at+len("/manifests/"):]
	if strings.HasPrefix(reference, "sha256:") {
		r.serve(w, req, typeManifest, reference)
		return
	}
	host := req.URL.Query().Get("ns")
	if host == "" {
		host = "docker.io"
	}
	name := host + "/" + repository + ":" + reference
	for _, s := range r {
		d, found, err := s.find(name)
		if err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
			return
		}
		if found {
			r.serve(w, req, d.MediaType, d.Digest)
			return
		}
	}
	refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "the local cluster has no image "+name)
}

func (r registry) serve(w http.ResponseWriter, req *http.Request, mediaType, digest string) {
	if strings.Contains(digest, "/") {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", digest)
		return
	}
	for _, s := range r {
		f, err := os.Open(s.blob(digest))
		if err != nil {
			continue
		}
		defer f.Close()
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Docker-Content-Digest", digest)
		http.ServeContent(w, req, "", time.Time{}, f)
		return
	}
	refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", digest)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	log.Printf("%d %s %s", status, code, message)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}

func runRegistry(args []string) error {
	fs := newFlags("registry")
	addr := fs.String("addr", "127.0.0.1:5000", "address to listen on")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return fmt.Errorf("no store given: clustertool registry [-addr HOST:PORT] STORE...")
	}
	var r registry
	for _, dir := range fs.Args() {
		r = append(r, store(dir))
	}
	log.Printf("serving %v on %s", r, *addr)
	return http.ListenAndServe(*addr, r)
}
