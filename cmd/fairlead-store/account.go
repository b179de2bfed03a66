package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
)

// Names of the keys in the Secret, and of the files in a directory.
const (
	accessKey = "accesskey"
	secretKey = "secretkey"
)

// credentials of the only account.
type credentials struct {
	access, secret string
}

// check tells what is wrong with credentials that were found somewhere.
func (c credentials) check(where string) error {
	if c.access == "" || len(c.secret) < 8 {
		return fmt.Errorf("%s must hold %s, and %s of at least 8 characters", where, accessKey, secretKey)
	}
	return nil
}

// oneAccount knows the account of the credentials and answers all others as S3 does: InvalidAccessKeyId.
type oneAccount struct{ credentials }

var _ auth.IAMService = oneAccount{}

var errOneAccount = errors.New("this store has one account, which is the one of its Secret")

func (a oneAccount) GetUserAccount(access string) (auth.Account, error) {
	if access != a.access {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return auth.Account{Access: a.access, Secret: a.secret, Role: auth.RoleAdmin}, nil
}

func (a oneAccount) ResolveAccounts(accessKeyIDs []string) ([]string, error) {
	missing := []string{}
	for _, id := range accessKeyIDs {
		if id != a.access {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

func (a oneAccount) ListUserAccounts() ([]auth.Account, error) {
	return []auth.Account{{Access: a.access, Role: auth.RoleAdmin}}, nil
}

func (oneAccount) CreateAccount(auth.Account) error                  { return errOneAccount }
func (oneAccount) UpdateUserAccount(string, auth.MutableProps) error { return errOneAccount }
func (oneAccount) DeleteUserAccount(string) error                    { return errOneAccount }
func (oneAccount) Shutdown() error                                   { return nil }

// createBucket makes the bucket unless it exists.
func createBucket(ctx context.Context, files backend.Backend, name, owner string) error {
	acl, err := json.Marshal(auth.ACL{Owner: owner})
	if err != nil {
		return err
	}
	// The backend looks for the owner under this key.
	ctx = context.WithValue(ctx, "bucket-owner", auth.Account{Access: owner, Role: auth.RoleAdmin}) //nolint:staticcheck // a string, by the library's choice
	err = files.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{}}, acl)
	var known s3err.BucketError
	if errors.As(err, &known) && (known.Code == "BucketAlreadyOwnedByYou" || known.Code == "BucketAlreadyExists") {
		return nil
	}
	return err
}
