package s3

import (
	"fmt"
	"strconv"

	"github.com/minio/minio-go/v7"
)

// How uploads are cut. Both are fixed, so that memory does not depend on what is stored: files are read in place, streams
// through streamBuffers parts.
const (
	partSize = 8 << 20
	// Files are not held in memory: larger parts make fewer requests.
	filePartSize = 16 << 20
	// Most parts that S3 takes for one object.
	maxParts = 10000
	// Threads of an upload (Argo's default).
	threads = 4
	// Parts of a stream that are in memory.
	streamBuffers = 2

	// MaxStreamSize is how many bytes a stream may have; more are refused. (A file may have 5 TiB, S3's own limit.)
	MaxStreamSize = int64(partSize) * maxParts
)

// upload says how uploads are cut; Argo's variables of the executor change it.
type upload struct {
	partSize, filePartSize uint64
	threads                uint
}

func uploadSettings(getenv func(string) string) (upload, error) {
	settings := upload{partSize: partSize, filePartSize: filePartSize, threads: threads}
	if value := getenv("ARTIFACT_S3_UPLOAD_PART_SIZE_MIB"); value != "" {
		mib, err := strconv.ParseUint(value, 10, 16)
		if err != nil || mib < 5 || mib > 5120 {
			return settings, fmt.Errorf("ARTIFACT_S3_UPLOAD_PART_SIZE_MIB=%s must be a number from 5 to 5120", value)
		}
		settings.partSize, settings.filePartSize = mib<<20, mib<<20
	}
	if value := getenv("ARTIFACT_S3_UPLOAD_THREADS"); value != "" {
		number, err := strconv.ParseUint(value, 10, 8)
		if err != nil || number == 0 {
			return settings, fmt.Errorf("ARTIFACT_S3_UPLOAD_THREADS=%s must be a number from 1 to 255", value)
		}
		settings.threads = uint(number)
	}
	return settings, nil
}

// file returns the options to store content that can be read anywhere. Its parts take no memory and may be as large as
// it takes to have no more of them than allowed.
func (u upload) file(size int64) minio.PutObjectOptions {
	part := u.filePartSize
	if needed := (uint64(size) + maxParts - 1) / maxParts; needed > part {
		part = (needed + 1<<20 - 1) &^ (1<<20 - 1)
	}
	return minio.PutObjectOptions{
		PartSize: part, NumThreads: u.threads,
		// An empty body over plain HTTP would be sent in signed chunks without a length, which some stores do not read
		// to the end: they take the rest for the next request.
		DisableContentSha256: size == 0,
	}
}

// stream returns the options to store what can be read only once.
func (u upload) stream() minio.PutObjectOptions {
	return minio.PutObjectOptions{PartSize: u.partSize, NumThreads: streamBuffers, ConcurrentStreamParts: true}
}
