package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/klog/v2"
)

const (
	// DefaultQuotaBytes is how large the database may grow; etcd's own default of 2 GiB is too small for large runs.
	DefaultQuotaBytes int64 = 8 << 30
	// DefaultStartTimeout is how long Start waits for etcd to elect itself. Replaying the log of a large database takes
	// most of it.
	DefaultStartTimeout = 60 * time.Second
	// DefaultLockTimeout is longer than an ordinary end takes, with all its watches and logs.
	DefaultLockTimeout = 60 * time.Second

	// maxSocketPath is the longest path of a unix socket that every kernel we run on accepts (108 bytes with the
	// terminating zero on Linux).
	maxSocketPath = 100
)

// Options say where and how the embedded etcd runs.
type Options struct {
	// DataDir holds the database, its lock file and, when the path is short enough, the sockets. It is created with
	// mode 0700. Required.
	DataDir string
	// QuotaBytes limits the database; 0 means DefaultQuotaBytes. Writes are refused when it is reached.
	QuotaBytes int64
	// StartTimeout limits how long Start waits; 0 means DefaultStartTimeout.
	StartTimeout time.Duration
	// LockTimeout limits how long Start waits for another process to let go of the directory; 0 means
	// DefaultLockTimeout.
	LockTimeout time.Duration
	// UnsafeNoFsync skips fsync. Only for tests: a crash of the machine loses or corrupts data.
	UnsafeNoFsync bool
}

// Server is a running embedded etcd.
type Server struct {
	etcd      *embed.Etcd
	lock      *dirLock
	log       *klogCore
	endpoint  string
	socketDir string // set when the sockets live outside the data directory
	stopLoop  context.CancelFunc
	loopDone  chan struct{}
}

var _ healthz.HealthChecker = &Server{}

// Start opens the database in options.DataDir and returns when it serves. It fails when another process uses the
// directory, when etcd reports an error, when ctx ends, or after the start timeout; nothing is left running then.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.DataDir == "" {
		return nil, errors.New("embedded etcd: no data directory given (--data-dir)")
	}
	if options.QuotaBytes == 0 {
		options.QuotaBytes = DefaultQuotaBytes
	}
	if options.StartTimeout == 0 {
		options.StartTimeout = DefaultStartTimeout
	}
	dir, err := filepath.Abs(options.DataDir)
	if err != nil {
		return nil, fmt.Errorf("embedded etcd: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded etcd: cannot create the data directory: %w", err)
	}
	if options.LockTimeout == 0 {
		options.LockTimeout = DefaultLockTimeout
	}
	lock, err := lockDir(ctx, dir, options.LockTimeout)
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock, log: newKlogCore()}
	if err := s.start(ctx, dir, options); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, options Options) error {
	socketDir, err := s.socketDirectory(dir)
	if err != nil {
		return err
	}
	clientURL := url.URL{Scheme: "unix", Path: filepath.Join(socketDir, "etcd.sock")}
	peerURL := url.URL{Scheme: "unix", Path: filepath.Join(socketDir, "peer.sock")}

	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	config.ListenClientUrls = []url.URL{clientURL}
	config.AdvertiseClientUrls = []url.URL{clientURL}
	// There are no peers. Listening for them would do harm: etcd takes the host of a unix URL for the whole address, which
	// makes the socket an abstract one, and then cannot close it on a read-only file system, so that the end hangs.
	config.ListenPeerUrls = nil
	config.AdvertisePeerUrls = []url.URL{peerURL}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.QuotaBackendBytes = options.QuotaBytes
	config.UnsafeNoFsync = options.UnsafeNoFsync
	// The watch cache of the API server waits for progress notifications before it answers a consistent list.
	config.WatchProgressNotifyInterval = 5 * time.Second
	// The API server compacts; etcd must not do it a second time. Space freed by compaction is given back by a restart
	// and by the loop in defrag.go.
	config.AutoCompactionMode = embed.CompactorModePeriodic
	config.AutoCompactionRetention = "0"
	config.BootstrapDefragThresholdMegabytes = 64
	// One value never exceeds what the API server's client sends (2 MiB).
	config.MaxRequestBytes = 2 << 20
	config.EnableGRPCGateway = false
	config.LogLevel = "warn"
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(s.log.logger())

	s.etcd, err = embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("embedded etcd in %s: %w", dir, err)
	}
	timeout := time.NewTimer(options.StartTimeout)
	defer timeout.Stop()
	select {
	case <-s.etcd.Server.ReadyNotify():
	case err := <-s.etcd.Err():
		return fmt.Errorf("embedded etcd in %s stopped while starting: %w", dir, err)
	case <-timeout.C:
		return fmt.Errorf("embedded etcd in %s was not ready after %v", dir, options.StartTimeout)
	case <-ctx.Done():
		return fmt.Errorf("embedded etcd in %s: start interrupted: %w", dir, context.Cause(ctx))
	}
	s.endpoint = clientURL.String()
	if s.full() {
		if err := s.relieve(ctx); err != nil {
			klog.ErrorS(err, "Cannot make room in the embedded etcd, which is full")
		}
	}
	loopCtx, cancel := context.WithCancel(context.Background())
	s.stopLoop, s.loopDone = cancel, make(chan struct{})
	go func() {
		defer close(s.loopDone)
		s.keepSpace(loopCtx)
	}()
	return nil
}

// socketDirectory returns the data directory, or a private one with a plain short name when paths below it would be too
// long for a unix socket or have characters that mean something in etcd's lists of URLs.
func (s *Server) socketDirectory(dir string) (string, error) {
	if len(dir)+len("/etcd.sock") <= maxSocketPath && !strings.ContainsAny(dir, ",=%?#") {
		return dir, nil
	}
	short, err := os.MkdirTemp("", "fairlead-etcd-")
	if err != nil {
		return "", fmt.Errorf("embedded etcd: the path %s does not do for a unix socket, and no temporary directory can be made: %w", dir, err)
	}
	s.socketDir = short
	return short, nil
}

// Endpoint is the URL for clients and for --etcd-servers, for example unix:///var/lib/fairlead/etcd.sock.
func (s *Server) Endpoint() string { return s.endpoint }

// Err delivers an error when etcd stops serving by itself; the process should then end.
func (s *Server) Err() <-chan error { return s.etcd.Err() }

// NewClient returns a client of this server. The caller closes it.
func (s *Server) NewClient() (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{s.endpoint},
		DialTimeout: 5 * time.Second,
		Logger:      s.log.logger(),
	})
	if err != nil {
		return nil, fmt.Errorf("embedded etcd: %w", err)
	}
	return client, nil
}

// Name is the name of the health check.
func (s *Server) Name() string { return "embedded-etcd" }

// Check says whether the database serves: it has a leader (itself), and is not known to be damaged. One that is full
// serves: only deletions can help it, and a restart would keep them away.
func (s *Server) Check(*http.Request) error {
	if s.etcd == nil || s.etcd.Server == nil {
		return errors.New("embedded etcd is not running")
	}
	server := s.etcd.Server
	if server.Leader() == 0 {
		return errors.New("embedded etcd has no leader")
	}
	for _, alarm := range server.Alarms() {
		if alarm.Alarm != etcdserverpb.AlarmType_NOSPACE {
			return fmt.Errorf("embedded etcd raised the alarm %s", alarm.Alarm)
		}
	}
	return nil
}

// Close ends etcd, waits for its goroutines, and frees the directory; stop the API server first. It may be called again.
func (s *Server) Close() {
	if s.stopLoop != nil {
		s.stopLoop()
		<-s.loopDone
		s.stopLoop = nil
	}
	if s.etcd != nil {
		s.log.quiet()
		s.etcd.Close()
		s.etcd = nil
	}
	if s.socketDir != "" {
		_ = os.RemoveAll(s.socketDir)
		s.socketDir = ""
	}
	s.lock.release()
}

// formatBytes writes a size the way people read it in a log line.
func formatBytes(n int64) string {
	const mib = 1 << 20
	return strconv.FormatInt(n/mib, 10) + " MiB"
}
