// Command fairlead-store is the artifact store of the quick-start: one bucket that speaks S3, kept as files in a directory.
// It is a program and a Go module of its own, as its library changes the working directory of its process and brings
// dependencies that nothing else of Fairlead needs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

type options struct {
	dataDir, listen, bucket       string
	credentialsDir, credentialsIn string
	certFile, keyFile             string
	keepAlive                     bool
	keepFree                      uint64
}

func main() {
	var o options
	flag.StringVar(&o.dataDir, "data-dir", "/var/lib/fairlead-store", "directory of the objects, one subdirectory a bucket; on a file system with extended attributes")
	flag.StringVar(&o.listen, "listen", ":9000", "address to serve S3 on")
	flag.StringVar(&o.bucket, "bucket", "artifacts", "bucket that is created if it does not exist")
	flag.StringVar(&o.credentialsDir, "credentials-dir", "", "directory with the files accesskey and secretkey, such as a mounted Secret")
	flag.StringVar(&o.credentialsIn, "credentials-secret", "", "Secret of this pod's namespace with the keys accesskey and secretkey; created with random ones if it does not exist")
	flag.StringVar(&o.certFile, "tls-cert-file", "", "serving certificate, PEM; empty: plain HTTP")
	flag.StringVar(&o.keyFile, "tls-key-file", "", "its private key, PEM")
	flag.BoolVar(&o.keepAlive, "keep-alive", false, "keep connections open between requests; clients must then send a Content-Length with empty objects")
	flag.Uint64Var(&o.keepFree, "keep-free-bytes", 2<<30, "how much of the disk of the objects is kept free for others: what would go beyond is refused")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "fairlead-store:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	keys, err := findCredentials(ctx, o)
	if err != nil {
		return err
	}
	objects := filepath.Join(o.dataDir, "objects")
	if err := os.MkdirAll(objects, 0o750); err != nil {
		return err
	}
	// They are used later, from another working directory.
	for _, file := range []*string{&o.certFile, &o.keyFile, &objects} {
		if *file != "" {
			if *file, err = filepath.Abs(*file); err != nil {
				return err
			}
		}
	}
	// posix.New makes the directory its working directory.
	files, err := posix.New(objects, meta.XattrMeta{}, posix.PosixOpts{CopyObjectThreshold: 5 << 30})
	if err != nil {
		return fmt.Errorf("%s: %w", objects, err)
	}
	if err := createBucket(ctx, files, o.bucket, keys.access); err != nil {
		return fmt.Errorf("bucket %s: %w", o.bucket, err)
	}
	fmt.Printf("serving S3 on %s, bucket %s, objects in %s\n", o.listen, o.bucket, objects)
	store := &roomy{Backend: confined{files}, keep: o.keepFree, free: freeIn(objects)}
	err = embedgw.RunVersityGW(ctx, store, &embedgw.Config{
		RootUserAccess: keys.access, RootUserSecret: keys.secret, IAMService: oneAccount{keys},
		Ports: []string{o.listen}, CertFile: o.certFile, KeyFile: o.keyFile, KeepAlive: o.keepAlive,
		MaxConnections: 1024, MaxRequests: 512, MultipartMaxParts: 10000, HealthPath: "/healthz", Quiet: true,
	})
	if ctx.Err() != nil {
		// It was told to stop.
		return nil
	}
	return err
}

// findCredentials reads or makes the one pair of keys that the store accepts.
func findCredentials(ctx context.Context, o options) (credentials, error) {
	switch {
	case o.credentialsDir != "" && o.credentialsIn != "":
		return credentials{}, fmt.Errorf("set --credentials-dir or --credentials-secret, not both")
	case o.credentialsDir != "":
		access, err := os.ReadFile(filepath.Join(o.credentialsDir, accessKey))
		if err != nil {
			return credentials{}, err
		}
		secret, err := os.ReadFile(filepath.Join(o.credentialsDir, secretKey))
		keys := credentials{strings.TrimSpace(string(access)), strings.TrimSpace(string(secret))}
		if err == nil {
			err = keys.check(o.credentialsDir)
		}
		return keys, err
	case o.credentialsIn != "":
		api, err := inCluster(os.Getenv)
		if err != nil {
			return credentials{}, err
		}
		return api.ensureSecret(ctx, o.credentialsIn)
	}
	return credentials{}, fmt.Errorf("one of --credentials-dir and --credentials-secret is required")
}
