package embedded

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A database that reaches its quota goes on serving reads and deletions, and takes writes again when there is room: after
// deletions by itself, else after a restart with a larger quota.
func TestFullDatabaseRecovers(t *testing.T) {
	for name, makeRoom := range map[string]func(t *testing.T, s *Server, client *clientv3.Client, dir string) *Server{
		"by deletions": func(t *testing.T, s *Server, client *clientv3.Client, _ string) *Server {
			if _, err := client.Delete(t.Context(), "filler/", clientv3.WithPrefix()); err != nil {
				t.Fatalf("a full database must take deletions: %v", err)
			}
			if err := s.relieve(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		},
		"by a larger quota": func(t *testing.T, s *Server, _ *clientv3.Client, dir string) *Server {
			s.Close()
			return startWithQuota(t, dir, 64<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := startWithQuota(t, dir, 4<<20)
			client := clientOf(t, s)
			fill(t, client)
			if err := s.relieve(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !s.full() {
				t.Fatal("without room the alarm has to stay")
			}
			if err := s.Check(nil); err != nil {
				t.Errorf("who restarts a full server helps nobody: %v", err)
			}
			s = makeRoom(t, s, client, dir)
			if _, err := clientOf(t, s).Put(t.Context(), "key", "value"); err != nil {
				t.Errorf("no writes although there is room: %v", err)
			}
		})
	}
}

func startWithQuota(t *testing.T, dir string, quota int64) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{DataDir: dir, QuotaBytes: quota, UnsafeNoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func clientOf(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	client, err := s.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func fill(t *testing.T, client *clientv3.Client) {
	t.Helper()
	value := strings.Repeat("x", 256<<10)
	for i := range 100 {
		_, err := client.Put(t.Context(), fmt.Sprintf("filler/%d", i), value)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the quota was not reached")
}
