package artifact

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// How long a connection to a store may take to come about, and how often it is looked whether the other side is still there.
const (
	connectTimeout = 10 * time.Second
	keepAlive      = 15 * time.Second
)

// ErrForbiddenAddress is in the chain of errors that mean: a location leads to where this program must not connect to.
var ErrForbiddenAddress = errors.New("is not to be connected to")

// Guard tells whether a store may be at an address; its error says why not.
type Guard func(netip.Addr) error

// LocalNetworks are those that a server should not connect to because a user says so: its own loopback, the link of its node, and
// the services by which clouds tell a machine about itself, credentials included. Nodes and Services of the cluster are not in
// there, as stores may be among them.
func LocalNetworks() []string {
	return []string{
		"0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128", // this machine
		"169.254.0.0/16", "fe80::/10", // its link: metadata services of most clouds
		"168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::/32", "fd20:ce::/32", // Azure, Alibaba Cloud, AWS, Google Cloud
		"224.0.0.0/4", "ff00::/8", "255.255.255.255/32", // everybody
	}
}

// translated are the addresses by which machines that have only IPv6 reach those that have only IPv4: the last 32 bits are theirs
// (NAT64, RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// DenyNetworks is a Guard against the addresses of some networks, in whatever form.
func DenyNetworks(networks []netip.Prefix) Guard {
	return func(address netip.Addr) error {
		meant := address.Unmap().WithZone("")
		if translated.Contains(meant) {
			bytes := meant.As16()
			meant = netip.AddrFrom4([4]byte(bytes[12:]))
		}
		for _, n := range networks {
			if n.Contains(meant) || n.Contains(address) {
				return fmt.Errorf("%s %w: it is in %s", address, ErrForbiddenAddress, n)
			}
		}
		return nil
	}
}

type guardKey struct{}

// WithGuard has the drivers that are made with this context connect only to where the guard lets them. It is for programs
// that read for others what these could not reach themselves.
func WithGuard(ctx context.Context, guard Guard) context.Context {
	return context.WithValue(ctx, guardKey{}, guard)
}

// GuardOf returns the guard of a context; one that lets everything pass, if it has none.
func GuardOf(ctx context.Context) (guard Guard, set bool) {
	if guard, ok := ctx.Value(guardKey{}).(Guard); ok && guard != nil {
		return guard, true
	}
	return func(netip.Addr) error { return nil }, false
}

// DialContext is how drivers connect that are made with a context. The guard is asked about the very address that is connected
// to, whatever a name meant a moment ago.
func DialContext(ctx context.Context) func(ctx context.Context, network, address string) (net.Conn, error) {
	guard, _ := GuardOf(ctx)
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: keepAlive, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return MarkLasting(guard(to.Addr()))
	}}
	return dialer.DialContext
}

// Transport is Go's own, with that way to connect, and a limit on how long a server may be silent.
func Transport(ctx context.Context) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = DialContext(ctx)
	transport.ResponseHeaderTimeout = 5 * time.Minute
	return transport
}
