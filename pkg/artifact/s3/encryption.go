package s3

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7/pkg/encrypt"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// encryption returns how an object is encrypted by the store; nil: as the bucket is set up.
type encryption func(key string) encrypt.ServerSide

// newEncryption reads the encryption options of a location. As in Argo, nothing is encrypted unless enableEncryption is set,
// and the customer key of an object is derived from the secret with bucket and key as salt, so that what one has stored the
// other can read.
func newEncryption(ctx context.Context, location *wfv1.S3Bucket, secure bool, resources artifact.Resources) (encryption, error) {
	none := func(string) encrypt.ServerSide { return nil }
	options := location.EncryptionOptions
	if options == nil || !options.EnableEncryption {
		return none, nil
	}
	secret, err := artifact.SecretValue(ctx, resources, options.ServerSideCustomerKeySecret)
	if err != nil {
		return nil, fmt.Errorf("s3.encryptionOptions.serverSideCustomerKeySecret: %w", err)
	}
	switch {
	case secret != "" && options.KmsKeyId != "":
		return nil, errors.New("s3.encryptionOptions: set kmsKeyId or serverSideCustomerKeySecret, not both")
	case options.ServerSideCustomerKeySecret != nil && secret == "":
		return nil, errors.New("s3.encryptionOptions.serverSideCustomerKeySecret is empty")
	case options.KmsEncryptionContext != "" && options.KmsKeyId == "":
		return nil, errors.New("s3.encryptionOptions.kmsEncryptionContext needs kmsKeyId")
	case secret != "" && !secure:
		return nil, errors.New("s3.encryptionOptions.serverSideCustomerKeySecret needs TLS, as the key travels with every request: unset `insecure`")
	case secret != "":
		return func(key string) encrypt.ServerSide {
			return encrypt.DefaultPBKDF([]byte(secret), []byte(location.Bucket+key))
		}, nil
	case options.KmsKeyId != "":
		var contextOfKey any
		if options.KmsEncryptionContext != "" {
			var pairs map[string]string
			if err := json.Unmarshal([]byte(options.KmsEncryptionContext), &pairs); err != nil {
				return nil, fmt.Errorf("s3.encryptionOptions.kmsEncryptionContext must be a JSON object of strings: %w", err)
			}
			contextOfKey = pairs
		}
		kms, err := encrypt.NewSSEKMS(options.KmsKeyId, contextOfKey)
		if err != nil {
			return nil, fmt.Errorf("s3.encryptionOptions: %w", err)
		}
		return func(string) encrypt.ServerSide { return kms }, nil
	}
	return func(string) encrypt.ServerSide { return encrypt.NewSSE() }, nil
}
