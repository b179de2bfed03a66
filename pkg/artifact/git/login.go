package git

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

// login holds what a location gives to authenticate with.
type login struct {
	// host that the credentials are for.
	host               string
	username, password string
	privateKey         []byte
	ignoreHostKey      bool
}

func newLogin(ctx context.Context, location *wfv1.GitArtifact, resources artifact.Resources) (*login, error) {
	endpoint, err := transport.NewEndpoint(location.Repo)
	if err != nil {
		return nil, fmt.Errorf("git.repo: %w", err)
	}
	l := &login{host: endpoint.Host, ignoreHostKey: location.InsecureIgnoreHostKey}
	if l.username, err = artifact.SecretValue(ctx, resources, location.UsernameSecret); err != nil {
		return nil, fmt.Errorf("git.usernameSecret: %w", err)
	}
	if l.password, err = artifact.SecretValue(ctx, resources, location.PasswordSecret); err != nil {
		return nil, fmt.Errorf("git.passwordSecret: %w", err)
	}
	key, err := artifact.SecretValue(ctx, resources, location.SSHPrivateKeySecret)
	if err != nil {
		return nil, fmt.Errorf("git.sshPrivateKeySecret: %w", err)
	}
	if key != "" {
		if _, err := ssh.ParsePrivateKey([]byte(key)); err != nil {
			return nil, fmt.Errorf("git.sshPrivateKeySecret holds no SSH private key in PEM without a passphrase: %w", err)
		}
		l.privateKey = []byte(key)
	}
	return l, nil
}

// forURL returns how to authenticate to a repository; nil: not at all.
func (l *login) forURL(address string) (transport.AuthMethod, error) {
	endpoint, err := transport.NewEndpoint(address)
	if err != nil {
		return nil, err
	}
	own := endpoint.Host == l.host
	switch endpoint.Protocol {
	case "http", "https":
		if own && (l.username != "" || l.password != "") {
			return &http.BasicAuth{Username: strings.TrimSpace(l.username), Password: strings.TrimSpace(l.password)}, nil
		}
	case "ssh":
		if !own || (l.privateKey == nil && l.password == "") {
			return nil, artifact.MarkLasting(fmt.Errorf("no credentials for %s: SSH needs git.sshPrivateKeySecret (or passwordSecret)", endpoint.Host))
		}
		return l.ssh(endpoint)
	}
	return nil, nil
}

func (l *login) ssh(endpoint *transport.Endpoint) (transport.AuthMethod, error) {
	user := endpoint.User
	if user == "" {
		user = "git"
	}
	check, err := l.hostKeys(endpoint)
	if err != nil {
		return nil, err
	}
	if l.privateKey == nil {
		return &gitssh.Password{User: user, Password: strings.TrimSpace(l.password), HostKeyCallbackHelper: check}, nil
	}
	keys, err := gitssh.NewPublicKeys(user, l.privateKey, "")
	if err != nil {
		return nil, err
	}
	keys.HostKeyCallbackHelper = check
	return keys, nil
}

// hostKeys checks the key of an SSH server against the files of SSH_KNOWN_HOSTS, else ~/.ssh/known_hosts and
// /etc/ssh/ssh_known_hosts, of which the image of Fairlead has one with the keys of well-known hosts.
func (l *login) hostKeys(endpoint *transport.Endpoint) (gitssh.HostKeyCallbackHelper, error) {
	if l.ignoreHostKey {
		return gitssh.HostKeyCallbackHelper{HostKeyCallback: ssh.InsecureIgnoreHostKey()}, nil //nolint:gosec // asked for by insecureIgnoreHostKey
	}
	candidates := filepath.SplitList(os.Getenv("SSH_KNOWN_HOSTS"))
	if len(candidates) == 0 {
		if home, err := os.UserHomeDir(); err == nil {
			candidates = append(candidates, filepath.Join(home, ".ssh", "known_hosts"))
		}
		candidates = append(candidates, "/etc/ssh/ssh_known_hosts")
	}
	var files []string
	for _, file := range candidates {
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return gitssh.HostKeyCallbackHelper{}, artifact.MarkLasting(fmt.Errorf("no SSH host key can be checked: there is no file %s (git.insecureIgnoreHostKey would trust any)", strings.Join(candidates, ", ")))
	}
	known, err := gitssh.NewKnownHostsDb(files...)
	if err != nil {
		return gitssh.HostKeyCallbackHelper{}, artifact.MarkLasting(fmt.Errorf("known_hosts: %w", err))
	}
	port := endpoint.Port
	if port == 0 {
		port = gitssh.DefaultPort
	}
	// A server has several keys: it is asked for one of a type that is known.
	return gitssh.HostKeyCallbackHelper{
		HostKeyCallback:   known.HostKeyCallback(),
		HostKeyAlgorithms: known.HostKeyAlgorithms(net.JoinHostPort(endpoint.Host, strconv.Itoa(port))),
	}, nil
}

// explain says in words what went wrong, and marks what lasts.
func explain(location *wfv1.GitArtifact, err error) error {
	var missing git.NoMatchingRefSpecError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return artifact.MarkLasting(fmt.Errorf("the server wants a login, or does not accept the given one: %w", err))
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return artifact.MarkLasting(fmt.Errorf("the login may not read the repository: %w", err))
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return artifact.NotFound("%v", err)
	case strings.Contains(err.Error(), "knownhosts: key"):
		return artifact.MarkLasting(fmt.Errorf("the SSH host key is not the one in known_hosts, or is not there (git.insecureIgnoreHostKey would trust any): %w", err))
	case strings.Contains(err.Error(), "unable to authenticate"):
		return artifact.MarkLasting(fmt.Errorf("the SSH server does not accept the key: %w", err))
	case location.SingleBranch && (errors.Is(err, plumbing.ErrReferenceNotFound) || errors.As(err, &missing)):
		return artifact.MarkLasting(fmt.Errorf("branch %q does not exist: %w", location.Branch, err))
	}
	// The library's wrapper of unexpected answers hides them from errors.As.
	var unexpected *plumbing.UnexpectedError
	var answer *http.Err
	if errors.As(err, &unexpected) && errors.As(unexpected.Err, &answer) && artifact.TransientStatus(answer.StatusCode()) {
		return artifact.MarkTransient(err)
	}
	if errors.As(err, &unexpected) && artifact.Transient(unexpected.Err) {
		return artifact.MarkTransient(err)
	}
	return err
}
