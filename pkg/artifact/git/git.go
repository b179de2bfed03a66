// Package git reads artifacts from Git repositories: a repository is cloned to the path of the artifact, and a revision of it
// checked out. Nothing can be written.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/artifact"
)

func init() {
	artifact.Register(artifact.KindGit, New)
}

// New makes the driver for a repository.
func New(ctx context.Context, l *wfv1.ArtifactLocation, resources artifact.Resources) (artifact.Driver, error) {
	if l.Git.SingleBranch && l.Git.Branch == "" {
		return nil, errors.New("git.singleBranch needs git.branch")
	}
	login, err := newLogin(ctx, l.Git, resources)
	if err != nil {
		return nil, err
	}
	return &driver{artifact.Unsupported{Kind: artifact.KindGit}, login}, nil
}

type driver struct {
	artifact.Unsupported
	login *login
}

// Load clones the repository into path. A repository without commits becomes an empty one.
func (d *driver) Load(ctx context.Context, a *wfv1.Artifact, path string) error {
	entries, _ := os.ReadDir(path)
	err := d.clone(ctx, a.Git, path)
	if err != nil && len(entries) == 0 {
		// The next try must not find half a clone; what was there before is not ours to remove.
		removeContents(path)
	}
	return explain(a.Git, err)
}

func (d *driver) clone(ctx context.Context, location *wfv1.GitArtifact, path string) error {
	auth, err := d.login.forURL(location.Repo)
	if err != nil {
		return err
	}
	depth := 0
	if location.Depth != nil {
		depth = int(*location.Depth)
	}
	options := &git.CloneOptions{
		URL: location.Repo, Auth: auth, Depth: depth, InsecureSkipTLS: location.InsecureSkipTLS,
		// What is checked out is decided below.
		NoCheckout: location.Revision != "",
	}
	if location.SingleBranch {
		options.SingleBranch, options.ReferenceName = true, plumbing.NewBranchReferenceName(location.Branch)
	}
	repository, err := git.PlainCloneContext(ctx, path, false, options)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return initialise(path, location.Repo)
	}
	if err != nil {
		return err
	}
	fetch := &git.FetchOptions{Auth: auth, Depth: depth, InsecureSkipTLS: location.InsecureSkipTLS, Force: true}
	for _, spec := range location.Fetch {
		fetch.RefSpecs = append(fetch.RefSpecs, config.RefSpec(spec))
	}
	if len(fetch.RefSpecs) > 0 {
		if err := repository.FetchContext(ctx, fetch); err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate) {
			return fmt.Errorf("git.fetch: %w", err)
		}
	}
	if location.Revision != "" {
		if err := checkOut(ctx, repository, location, fetch); err != nil {
			return err
		}
	}
	if location.DisableSubmodules {
		return nil
	}
	return d.updateSubmodules(ctx, repository, depth, 0)
}

// initialise makes what a clone of a repository without commits is: the library leaves nothing of it.
func initialise(path, repo string) error {
	repository, err := git.PlainInit(path, false)
	if err != nil {
		return err
	}
	_, err = repository.CreateRemote(&config.RemoteConfig{Name: git.DefaultRemoteName, URLs: []string{repo}})
	return err
}

// checkOut makes a local branch of every branch of the remote, as plain Git shows them, and checks the revision out:
// branch, tag, commit, or an abbreviated commit.
func checkOut(ctx context.Context, repository *git.Repository, location *wfv1.GitArtifact, fetch *git.FetchOptions) error {
	if err := localBranches(repository); err != nil {
		return err
	}
	hash, err := repository.ResolveRevision(plumbing.Revision(location.Revision))
	if err != nil && plumbing.IsHash(location.Revision) {
		// A commit beyond the depth, or on no branch: servers may give it when it is asked for by its hash.
		single := *fetch
		single.RefSpecs = []config.RefSpec{config.RefSpec(location.Revision + ":refs/remotes/origin/revision-" + location.Revision)}
		if fetched := repository.FetchContext(ctx, &single); fetched == nil || errors.Is(fetched, git.NoErrAlreadyUpToDate) {
			hash, err = repository.ResolveRevision(plumbing.Revision(location.Revision))
		}
	}
	if err != nil {
		where := "the repository"
		switch {
		case location.SingleBranch:
			where = fmt.Sprintf("branch %q, the only one fetched", location.Branch)
		case fetch.Depth > 0:
			where = fmt.Sprintf("the %d commits fetched of each branch", fetch.Depth)
		}
		return artifact.MarkLasting(fmt.Errorf("revision %q is neither a branch, a tag nor a commit in %s: %w", location.Revision, where, err))
	}
	worktree, err := repository.Worktree()
	if err != nil {
		return err
	}
	if err := worktree.Checkout(&git.CheckoutOptions{Hash: *hash, Force: true}); err != nil {
		return fmt.Errorf("check out %s: %w", location.Revision, err)
	}
	return nil
}

func localBranches(repository *git.Repository) error {
	references, err := repository.References()
	if err != nil {
		return err
	}
	return references.ForEach(func(r *plumbing.Reference) error {
		const origin = "refs/remotes/origin/"
		name := r.Name().String()
		if r.Type() != plumbing.HashReference || len(name) <= len(origin) || name[:len(origin)] != origin {
			return nil
		}
		return repository.Storer.SetReference(plumbing.NewHashReference(plumbing.NewBranchReferenceName(name[len(origin):]), r.Hash()))
	})
}

// maxSubmoduleDepth is how deep submodules may lie in submodules (Git's own libraries stop there too).
const maxSubmoduleDepth = 10

// updateSubmodules clones the submodules of a work tree, and theirs. Credentials go to the host that they were given for,
// and to no other that a repository names.
func (d *driver) updateSubmodules(ctx context.Context, repository *git.Repository, depth, level int) error {
	if level == maxSubmoduleDepth {
		return artifact.MarkLasting(errors.New("submodules lie more than ten levels deep"))
	}
	worktree, err := repository.Worktree()
	if err != nil {
		return err
	}
	submodules, err := worktree.Submodules()
	if err != nil {
		return fmt.Errorf("submodules: %w", err)
	}
	for _, submodule := range submodules {
		name := submodule.Config().Name
		if err := submodule.Init(); err != nil && !errors.Is(err, git.ErrSubmoduleAlreadyInitialized) {
			return fmt.Errorf("submodule %s: %w", name, err)
		}
		nested, err := submodule.Repository()
		if err != nil {
			return fmt.Errorf("submodule %s: %w", name, err)
		}
		// The remote's URL is whole, where .gitmodules may have a relative one.
		remote, err := nested.Remote(git.DefaultRemoteName)
		if err != nil {
			return fmt.Errorf("submodule %s: %w", name, err)
		}
		address := remote.Config().URLs[0]
		auth, err := d.login.forURL(address)
		if err != nil {
			return fmt.Errorf("submodule %s: %w", name, err)
		}
		if err := submodule.UpdateContext(ctx, &git.SubmoduleUpdateOptions{Auth: auth, Depth: depth}); err != nil {
			return fmt.Errorf("submodule %s (%s): %w", name, submodule.Config().URL, err)
		}
		if err := d.updateSubmodules(ctx, nested, depth, level+1); err != nil {
			return fmt.Errorf("submodule %s: %w", name, err)
		}
	}
	return nil
}

// removeContents empties a directory that may be a mount point.
func removeContents(path string) {
	entries, _ := os.ReadDir(path)
	for _, entry := range entries {
		_ = os.RemoveAll(filepath.Join(path, entry.Name()))
	}
}
