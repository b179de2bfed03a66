package s3

import (
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"fairlead.dev/fairlead/pkg/artifact"
)

// explain says in words what the store answered, and marks what is not found or passes.
func (b *bucket) explain(err error) error {
	if err == nil {
		return nil
	}
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case minio.NoSuchUpload:
		return artifact.NotFound("no such upload: it was completed, given up, or never begun")
	case minio.NoSuchKey, "NotFound":
		return artifact.NotFound("no such key")
	case minio.NoSuchBucket:
		return artifact.MarkLasting(fmt.Errorf("bucket %q does not exist (s3.createBucketIfNotPresent would create it)", b.name))
	case "InvalidAccessKeyId", "XAdminUserNotFound":
		return artifact.MarkLasting(fmt.Errorf("the store does not know the access key (%s)", answer.Code))
	case "SignatureDoesNotMatch":
		return artifact.MarkLasting(fmt.Errorf("the secret key is not the one of the access key (%s)", answer.Code))
	case minio.AccessDenied:
		return artifact.MarkLasting(fmt.Errorf("the store denies access with these credentials (%s)", answer.Code))
	case "InvalidRange":
		return artifact.MarkLasting(fmt.Errorf("the range begins beyond the end of the object (%s)", answer.Code))
	case "RequestError", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded", "RequestThrottled",
		"InternalError", "SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "OperationAborted":
		return artifact.MarkTransient(err)
	}
	switch {
	case answer.StatusCode == http.StatusNotFound && answer.Code == "":
		return artifact.NotFound("no such key")
	case artifact.TransientStatus(answer.StatusCode):
		return artifact.MarkTransient(fmt.Errorf("%w (HTTP status %d)", err, answer.StatusCode))
	case answer.StatusCode >= 400:
		return artifact.MarkLasting(err)
	}
	return err
}
