package oss

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// once remembers that something was done.
type once struct {
	sync.Mutex
	done bool
}

// ruleID is the ID of the lifecycle rule that is ours; others of the bucket are left alone.
const ruleID = "fairlead"

// prepare creates the bucket and sets its lifecycle rule, where the location asks for it.
func (b *bucket) prepare(ctx context.Context) error {
	b.prepared.Lock()
	defer b.prepared.Unlock()
	if b.prepared.done {
		return nil
	}
	if b.location.CreateBucketIfNotPresent {
		if err := b.create(ctx); err != nil {
			return fmt.Errorf("create bucket %q: %w", b.location.Bucket, b.explain(err))
		}
	}
	if b.location.LifecycleRule != nil {
		if err := b.setLifecycle(ctx); err != nil {
			return fmt.Errorf("oss.lifecycleRule: %w", b.explain(err))
		}
	}
	b.prepared.done = true
	return nil
}

func (b *bucket) create(ctx context.Context) error {
	exists, err := b.client.IsBucketExist(ctx, b.location.Bucket)
	if err != nil || exists {
		return err
	}
	_, err = b.client.PutBucket(ctx, &oss.PutBucketRequest{Bucket: b.name()})
	var answer *oss.ServiceError
	if errors.As(err, &answer) && answer.Code == "BucketAlreadyExists" {
		return nil
	}
	return err
}

// setLifecycle adds our rule to those of the bucket, or replaces it.
func (b *bucket) setLifecycle(ctx context.Context) error {
	wanted := b.location.LifecycleRule
	access, deletion := wanted.MarkInfrequentAccessAfterDays, wanted.MarkDeletionAfterDays
	if access > 0 && deletion > 0 && access >= deletion {
		return errors.New("markInfrequentAccessAfterDays must be less than markDeletionAfterDays")
	}
	rule := oss.LifecycleRule{ID: oss.Ptr(ruleID), Prefix: oss.Ptr(""), Status: oss.Ptr("Enabled")}
	if access > 0 {
		rule.Transitions = []oss.LifecycleRuleTransition{{Days: &access, StorageClass: oss.StorageClassIA}}
	}
	if deletion > 0 {
		rule.Expiration = &oss.LifecycleRuleExpiration{Days: &deletion}
	}
	var rules []oss.LifecycleRule
	present, err := b.client.GetBucketLifecycle(ctx, &oss.GetBucketLifecycleRequest{Bucket: b.name()})
	var answer *oss.ServiceError
	switch {
	case errors.As(err, &answer) && answer.Code == "NoSuchLifecycle":
	case err != nil:
		return err
	case present.LifecycleConfiguration != nil:
		for _, other := range present.LifecycleConfiguration.Rules {
			if oss.ToString(other.ID) != ruleID {
				rules = append(rules, other)
			}
		}
	}
	_, err = b.client.PutBucketLifecycle(ctx, &oss.PutBucketLifecycleRequest{
		Bucket: b.name(), LifecycleConfiguration: &oss.LifecycleConfiguration{Rules: append(rules, rule)},
	})
	return err
}
