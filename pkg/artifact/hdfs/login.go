package hdfs

import (
	"context"
	"errors"
	"fmt"

	"github.com/colinmarc/hdfs/v2"
	krb "github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// clientOptions reads how to reach a cluster and how to log in to it.
func clientOptions(ctx context.Context, location *wfv1.HDFSConfig, resources artifact.Resources) (hdfs.ClientOptions, error) {
	options := hdfs.ClientOptions{
		Addresses: location.Addresses, User: location.HDFSUser, DataTransferProtection: location.DataTransferProtection, UseDatanodeHostname: true,
		NamenodeDialFunc: artifact.DialContext(ctx), DatanodeDialFunc: artifact.DialContext(ctx),
	}
	if len(location.Addresses) == 0 {
		return options, errors.New("the location needs hdfs.addresses")
	}
	switch location.DataTransferProtection {
	case "", "authentication", "integrity", "privacy":
	default:
		return options, fmt.Errorf("hdfs.dataTransferProtection %q must be authentication, integrity or privacy", location.DataTransferProtection)
	}
	if location.KrbCCacheSecret == nil && location.KrbKeytabSecret == nil {
		if location.HDFSUser == "" {
			return options, errors.New("the location needs hdfs.hdfsUser, or Kerberos by hdfs.krbCCacheSecret or hdfs.krbKeytabSecret")
		}
		return options, nil
	}
	if location.KrbServicePrincipalName == "" {
		return options, errors.New("hdfs.krbServicePrincipalName is required with Kerberos")
	}
	client, err := kerberos(ctx, location, resources)
	if err != nil {
		return options, err
	}
	options.KerberosClient, options.KerberosServicePrincipleName, options.User = client, location.KrbServicePrincipalName, ""
	return options, nil
}

// kerberos makes a client of a ticket cache or of a keytab.
func kerberos(ctx context.Context, location *wfv1.HDFSConfig, resources artifact.Resources) (*krb.Client, error) {
	if location.KrbCCacheSecret != nil && location.KrbKeytabSecret != nil {
		return nil, errors.New("set hdfs.krbCCacheSecret or hdfs.krbKeytabSecret, not both")
	}
	text, err := artifact.ConfigMapValue(ctx, resources, location.KrbConfigConfigMap)
	if err != nil {
		return nil, fmt.Errorf("hdfs.krbConfigConfigMap: %w", err)
	}
	if text == "" {
		return nil, errors.New("hdfs.krbConfigConfigMap with a krb5.conf is required with Kerberos")
	}
	settings, err := config.NewFromString(text)
	if err != nil {
		return nil, fmt.Errorf("hdfs.krbConfigConfigMap holds no krb5.conf: %w", err)
	}
	if err := checkRealms(ctx, settings); err != nil {
		return nil, fmt.Errorf("hdfs.krbConfigConfigMap: %w", err)
	}
	if location.KrbCCacheSecret != nil {
		content, err := artifact.SecretValue(ctx, resources, location.KrbCCacheSecret)
		if err != nil {
			return nil, fmt.Errorf("hdfs.krbCCacheSecret: %w", err)
		}
		var cache credentials.CCache
		if err := unmarshal(cache.Unmarshal, content); err != nil {
			return nil, fmt.Errorf("hdfs.krbCCacheSecret holds no credentials cache: %w", err)
		}
		return krb.NewFromCCache(&cache, settings)
	}
	if location.KrbUsername == "" || location.KrbRealm == "" {
		return nil, errors.New("hdfs.krbKeytabSecret needs hdfs.krbUsername and hdfs.krbRealm")
	}
	content, err := artifact.SecretValue(ctx, resources, location.KrbKeytabSecret)
	if err != nil {
		return nil, fmt.Errorf("hdfs.krbKeytabSecret: %w", err)
	}
	keys := keytab.New()
	if err := unmarshal(keys.Unmarshal, content); err != nil {
		return nil, fmt.Errorf("hdfs.krbKeytabSecret holds no keytab: %w", err)
	}
	return krb.NewWithKeytab(location.KrbUsername, location.KrbRealm, keys, settings), nil
}

// unmarshal calls a decoder that panics on content it did not expect.
func unmarshal(decode func([]byte) error, content string) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("%v", recovered)
		}
	}()
	return decode([]byte(content))
}
