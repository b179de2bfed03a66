package hdfs

import (
	"context"
	"errors"
	"net"

	"github.com/jcmturner/gokrb5/v8/config"

	"fairlead.dev/fairlead/pkg/artifact"
)

// checkRealms asks the guard, if there is one, about the servers that a krb5.conf names: the library connects to them by
// itself. Servers that it would find by DNS records only are refused then.
func checkRealms(ctx context.Context, settings *config.Config) error {
	guard, guarded := artifact.GuardOf(ctx)
	if !guarded {
		return nil
	}
	if settings.LibDefaults.DNSLookupKDC {
		return artifact.MarkLasting(errors.New("dns_lookup_kdc is not possible here: name the servers"))
	}
	for _, realm := range settings.Realms {
		for _, server := range realm.KDC {
			host, _, err := net.SplitHostPort(server)
			if err != nil {
				host = server
			}
			addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
			if err != nil {
				return err
			}
			for _, address := range addresses {
				if err := guard(address); err != nil {
					return artifact.MarkLasting(err)
				}
			}
		}
	}
	return nil
}
