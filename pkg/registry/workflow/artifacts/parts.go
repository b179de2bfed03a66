package artifacts

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/uuid"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// beginUpload is the name of an upload in parts that has none yet.
const beginUpload = "new"

// directoryPattern is what the directory of an uploaded file is called.
var directoryPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// inParts takes a file that comes in parts, in requests of their own: kube-apiserver cuts off each after a minute, which is little
// for a large file on a slow line. Nothing is kept here: the store has the parts, and the client what the upload is called, which is
// the directory of the file and the store's name for it.
func (u *upload) inParts(r *http.Request, wf *v1alpha1.Workflow, name string) (*v1alpha1.ArtifactListing, error) {
	o, ctx := u.options, r.Context()
	directory, id, _ := strings.Cut(o.Upload, ".")
	begin := o.Upload == beginUpload
	if begin {
		directory = string(uuid.NewUUID())
	} else if !directoryPattern.MatchString(directory) || !staysInPlace(id) {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("upload=%q is none: begin with upload=%s, and take the `upload` of the answer", o.Upload, beginUpload))
	}
	given := 0
	for _, is := range []bool{begin, o.Offset != nil, o.Complete != nil, o.Abort} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("an upload in parts is begun (upload=%s), or goes on with one of offset=, complete= and abort", beginUpload))
	}
	to, err := u.to(ctx, wf, directory, name)
	if err != nil {
		return nil, err
	}
	parts, ok := to.driver.(artifact.Parts)
	if !ok {
		return nil, artifact.NotSupported("saving in parts is", artifact.KindOf(&to.artifact.ArtifactLocation))
	}
	switch {
	case begin:
		id, err = parts.BeginParts(ctx, to.artifact)
		return to.stored(directory+"."+id, 0), err
	case o.Abort:
		return to.stored("", 0), parts.AbortParts(ctx, to.artifact, id)
	case o.Complete != nil:
		if *o.Complete < 1 {
			return nil, apierrors.NewBadRequest("complete= is how many bytes the file has, at least 1: send an empty file with one request")
		}
		if *o.Complete > u.source.Uploads.Limit {
			return nil, tooLarge(u.source.Uploads.Limit)
		}
		return to.stored("", *o.Complete), parts.CompleteParts(ctx, to.artifact, id, *o.Complete)
	}
	content, err := u.part(r)
	if err != nil {
		return nil, err
	}
	size := int64(len(content))
	err = parts.PutPart(ctx, to.artifact, id, int(*o.Offset/artifact.PartSize)+1, bytes.NewReader(content), size)
	return to.stored(o.Upload, *o.Offset+size), err
}

// staysInPlace tells whether a store's name for an upload leads nowhere else: stores that keep objects as files take it for a part of
// a path, and it comes from the client.
func staysInPlace(id string) bool {
	for _, part := range strings.Split(strings.ReplaceAll(id, `\`, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(id, func(c rune) bool { return !unicode.IsPrint(c) })
}

// part reads the body, whole: of one that breaks off nothing must be stored.
func (u *upload) part(r *http.Request) ([]byte, error) {
	offset := *u.options.Offset
	if offset%artifact.PartSize != 0 {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("offset=%d: parts have %d bytes, so each begins at a multiple of that", offset, artifact.PartSize))
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, artifact.PartSize+1))
	limit := u.source.Uploads.Limit
	switch size := int64(len(content)); {
	case err != nil:
		return nil, fmt.Errorf("the part at %d broke off: %w", offset, err)
	case size == 0:
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the part at %d is empty", offset))
	case size > artifact.PartSize:
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("a part of an upload has at most %d bytes", artifact.PartSize))
	case offset > limit-size: // offset may be anything
		return nil, tooLarge(limit)
	}
	return content, nil
}
