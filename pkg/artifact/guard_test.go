package artifact

import (
	"context"
	"errors"
	"net/netip"
	"testing"
)

// A location of a user's must not have a server of ours talk to itself, to the link of its node, or to the metadata service of a cloud.
func TestDenyNetworks(t *testing.T) {
	var networks []netip.Prefix
	for _, text := range append(LocalNetworks(), "10.1.0.0/16") {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	guard := DenyNetworks(networks)
	for address, denied := range map[string]bool{
		"127.0.0.1": true, "127.8.9.1": true, "::1": true, "0.0.0.0": true, "::": true, "::ffff:127.0.0.1": true,
		"169.254.169.254": true, "169.254.170.2": true, "::ffff:169.254.169.254": true, "fe80::1": true, "fe80::1%eth0": true,
		"fd00:ec2::254": true, "fd20:ce::254": true, "64:ff9b::a9fe:a9fe": true, "64:ff9b::7f00:1": true, "64:ff9b::808:808": false, "100.100.100.200": true, "168.63.129.16": true, "224.0.0.1": true, "255.255.255.255": true, "10.1.2.3": true,
		"10.96.0.10": false, "192.168.1.5": false, "8.8.8.8": false, "2001:db8::1": false, "fd00::1": false,
	} {
		err := guard(netip.MustParseAddr(address))
		if denied != errors.Is(err, ErrForbiddenAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := DenyNetworks(nil)(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("without networks: %v", err)
	}
}

// The dialer asks about the address, not about the name.
func TestDialContext_Names(t *testing.T) {
	ctx := WithGuard(context.Background(), DenyNetworks([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}))
	_, err := DialContext(ctx)(t.Context(), "tcp", "localhost:1")
	if !errors.Is(err, ErrForbiddenAddress) || Transient(err) {
		t.Errorf("a name that means this machine: %v", err)
	}
	_, err = DialContext(context.Background())(t.Context(), "tcp", "127.0.0.1:1")
	if err == nil || errors.Is(err, ErrForbiddenAddress) {
		t.Errorf("without a guard: %v", err)
	}
}
