package hdfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	corev1 "k8s.io/api/core/v1"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
	"fairlead.dev/fairlead/pkg/artifact/artifacttest"
)

// local is a file system below a directory.
type local struct{ root string }

func (l local) at(name string) string                        { return filepath.Join(l.root, name) }
func (l local) Stat(name string) (fs.FileInfo, error)        { return os.Stat(l.at(name)) }
func (l local) Open(name string) (io.ReadSeekCloser, error)  { return os.Open(l.at(name)) }
func (l local) MkdirAll(name string, mode fs.FileMode) error { return os.MkdirAll(l.at(name), mode) }
func (l local) RemoveAll(name string) error                  { return os.RemoveAll(l.at(name)) }
func (l local) Rename(from, to string) error                 { return os.Rename(l.at(from), l.at(to)) }
func (l local) Close() error                                 { return nil }

func (l local) Create(name string) (io.WriteCloser, error) {
	return os.OpenFile(l.at(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
}

func (l local) ReadDir(name string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(l.at(name))
	var infos []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			infos = append(infos, info)
		}
	}
	return infos, err
}

func at(path string, force bool) *wfv1.Artifact {
	return &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{Path: path, Force: force}}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// DRV-05: files and directories there and back; nothing is overwritten without force; nothing partial is seen.
func TestSaveAndLoad(t *testing.T) {
	ctx := context.Background()
	files := local{t.TempDir()}
	d := &driver{Unsupported: artifact.Unsupported{Kind: artifact.KindHDFS}, connect: func(context.Context) (fileSystem, error) { return files, nil }}
	must(t, d.SaveStream(ctx, at("/tmp/a/file", false), strings.NewReader("content")))
	if err := d.SaveStream(ctx, at("/tmp/a/file", false), strings.NewReader("other")); err == nil || !strings.Contains(err.Error(), "hdfs.force") || artifact.Transient(err) {
		t.Error(err)
	}
	must(t, d.SaveStream(ctx, at("/tmp/a/file", true), strings.NewReader("changed")))
	out := filepath.Join(t.TempDir(), "out")
	must(t, d.Load(ctx, at("/tmp/a/file", false), out))
	if got, _ := os.ReadFile(out); string(got) != "changed" {
		t.Errorf("%q", got)
	}
	stream, attributes, err := d.Open(ctx, at("/tmp/a/file", false), artifact.Range{Offset: 2, Length: 3})
	must(t, err)
	if got, _ := io.ReadAll(stream); string(got) != "ang" || attributes.Size != 7 {
		t.Errorf("%q %+v", got, attributes)
	}
	must(t, stream.Close())

	in := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(in, "sub", "void"), 0o755))
	must(t, os.WriteFile(filepath.Join(in, "sub", "x"), []byte("x"), 0o644))
	opened, err := os.Open(in)
	must(t, err)
	defer opened.Close()
	must(t, d.Save(ctx, at("/tree", false), fmt.Sprintf("/proc/self/fd/%d", opened.Fd()))) // as the executor names directories
	must(t, os.Symlink("x", filepath.Join(in, "sub", "link")))
	if err := d.Save(ctx, at("/linked", false), in); err == nil || !strings.Contains(err.Error(), "sub/link is neither") {
		t.Error(err)
	}
	loaded := filepath.Join(t.TempDir(), "tree")
	must(t, d.Load(ctx, at("/tree", false), loaded))
	if got, err := os.ReadFile(filepath.Join(loaded, "sub", "x")); string(got) != "x" {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(loaded, "sub", "void")); err != nil {
		t.Error(err)
	}

	broken := errors.New("broken")
	err = d.SaveStream(ctx, at("/tmp/half", false), io.MultiReader(strings.NewReader("half"), failing{broken}))
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	entries, _ := files.ReadDir("/tmp")
	if len(entries) != 1 {
		t.Errorf("something partial stays: %v", entries)
	}
	for name, err := range map[string]error{
		"load": d.Load(ctx, at("/none", false), out),
		"open": func() error { _, _, err := d.Open(ctx, at("/tree", false), artifact.Whole); return err }(),
	} {
		if !errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Delete(ctx, at("/tree", false)); !errors.Is(err, artifact.ErrNotSupported) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// DRV-05: the name node is asked as the user that the location names.
func TestNamenodeIsAskedAsTheUser(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	hello := make(chan []byte, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		buffer := make([]byte, 4096)
		n, _ := io.ReadAtLeast(connection, buffer, 60)
		hello <- buffer[:n]
	}()
	a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{
		HDFSConfig: wfv1.HDFSConfig{Addresses: []string{listener.Addr().String()}, HDFSUser: "the-user"}, Path: "/x",
	}}}
	driver, err := artifact.New(context.Background(), &a.ArtifactLocation, artifacttest.Resources{})
	must(t, err)
	err = driver.Load(context.Background(), a, filepath.Join(t.TempDir(), "x"))
	if err == nil || errors.Is(err, artifact.ErrNotFound) || !strings.Contains(err.Error(), "hdfs://"+listener.Addr().String()+"/x") {
		t.Errorf("%v", err)
	}
	if got := <-hello; !bytes.HasPrefix(got, []byte("hrpc")) || !bytes.Contains(got, []byte("the-user")) {
		t.Errorf("the name node was sent %q", got)
	}
}

// DRV-05: what a location must have.
func TestOptions(t *testing.T) {
	keys := keytab.New()
	must(t, keys.AddEntry("u", "EXAMPLE.COM", "password", time.Unix(1700000000, 0), 1, etypeID.AES256_CTS_HMAC_SHA1_96))
	table, err := keys.Marshal()
	must(t, err)
	resources := artifacttest.Resources{"krb/keytab": string(table), "krb/ccache": "junk", "krb/conf": "[libdefaults]\n default_realm = EXAMPLE.COM\n"}
	conf := &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "krb"}, Key: "conf"}
	for name, test := range map[string]struct {
		config wfv1.HDFSConfig
		want   string
	}{
		"plain":        {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSUser: "root"}, ""},
		"no address":   {wfv1.HDFSConfig{HDFSUser: "root"}, "hdfs.addresses"},
		"no user":      {wfv1.HDFSConfig{Addresses: []string{"n:9000"}}, "hdfs.hdfsUser"},
		"protection":   {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSUser: "root", DataTransferProtection: "some"}, "dataTransferProtection"},
		"keytab":       {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbKeytabSecret: artifacttest.Select("krb", "keytab"), KrbUsername: "u", KrbRealm: "EXAMPLE.COM", KrbConfigConfigMap: conf, KrbServicePrincipalName: "nn/_HOST"}}, ""},
		"no principal": {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbKeytabSecret: artifacttest.Select("krb", "keytab")}}, "krbServicePrincipalName"},
		"no krb5.conf": {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbKeytabSecret: artifacttest.Select("krb", "keytab"), KrbServicePrincipalName: "nn/_HOST"}}, "krbConfigConfigMap"},
		"no realm":     {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbKeytabSecret: artifacttest.Select("krb", "keytab"), KrbConfigConfigMap: conf, KrbServicePrincipalName: "nn/_HOST"}}, "krbRealm"},
		"not a ccache": {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbCCacheSecret: artifacttest.Select("krb", "ccache"), KrbConfigConfigMap: conf, KrbServicePrincipalName: "nn/_HOST"}}, "no credentials cache"},
		"both":         {wfv1.HDFSConfig{Addresses: []string{"n:9000"}, HDFSKrbConfig: wfv1.HDFSKrbConfig{KrbCCacheSecret: artifacttest.Select("krb", "ccache"), KrbKeytabSecret: artifacttest.Select("krb", "keytab"), KrbServicePrincipalName: "nn/_HOST"}}, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			options, err := clientOptions(context.Background(), &test.config, resources)
			if test.want == "" {
				must(t, err)
				if (options.KerberosClient != nil) != (test.config.KrbKeytabSecret != nil) {
					t.Errorf("%+v", options)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

// A name node that takes connections and says nothing keeps nobody longer than he wants to wait: in a server that would be for ever.
func TestSilentNameNode(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	closed := make(chan error)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			cancel()
			_, err = io.Copy(io.Discard, connection)
		}
		closed <- err
	}()
	a := &wfv1.Artifact{ArtifactLocation: wfv1.ArtifactLocation{HDFS: &wfv1.HDFSArtifact{
		HDFSConfig: wfv1.HDFSConfig{Addresses: []string{listener.Addr().String()}, HDFSUser: "u"}, Path: "/k",
	}}}
	driver, err := artifact.New(t.Context(), &a.ArtifactLocation, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := driver.Open(ctx, a, artifact.Whole); err == nil {
		t.Error("something was opened")
	}
	if err := <-closed; err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection: %v", err)
	}
}
