package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// DefaultInterval is how often the high-water revision is written outside the store. A store restored from a backup
// that is older than this is noticed.
const DefaultInterval = time.Minute

// ErrDataLoss is wrapped by the errors that mean: the store is not the one, or older than the one, served before.
var ErrDataLoss = errors.New("the store has lost data")

// Record is what the marker holds.
type Record struct {
	// ID is the identity of the store.
	ID types.UID
	// Revision is the highest revision of the store seen so far.
	Revision int64
	// Version identifies this version of the marker itself, for the compare-and-swap in Save; empty when there is none.
	Version string
}

// Marker keeps a Record outside the store.
type Marker interface {
	// Load returns the record, or nil when there is none yet.
	Load(ctx context.Context) (*Record, error)
	// Save replaces the record that has record.Version, or creates it when that is empty. It returns a Conflict or
	// AlreadyExists error when somebody else was faster, else the record as it is now stored.
	Save(ctx context.Context, record Record) (*Record, error)
}

// Guard compares a store with its marker. Make it with New.
type Guard struct {
	client   *clientv3.Client
	key      string
	marker   Marker
	accept   bool
	clock    clock.WithTicker
	interval time.Duration
	verified atomic.Pointer[Record]
	failure  atomic.Value // error text of the last failed Verify
}

// Options of a Guard.
type Options struct {
	// Client of the store, embedded or not. The caller closes it.
	Client *clientv3.Client
	// Prefix of all keys of this installation (--etcd-prefix).
	Prefix string
	// Marker outside the store; nil, for a server that runs without a cluster, means that nothing can be compared.
	Marker Marker
	// AcceptDataLoss takes the store as it is, whatever the marker says, and writes a new marker.
	AcceptDataLoss bool
	// Clock is for tests; nil means the real one.
	Clock clock.WithTicker
	// Interval between writes of the high-water revision; 0 means DefaultInterval.
	Interval time.Duration
}

// New returns a guard that has not looked at anything yet.
func New(options Options) *Guard {
	g := &Guard{
		client:   options.Client,
		key:      path.Join("/", options.Prefix, "fairlead.dev", "identity"),
		marker:   options.Marker,
		accept:   options.AcceptDataLoss,
		clock:    options.Clock,
		interval: options.Interval,
	}
	if g.clock == nil {
		g.clock = clock.RealClock{}
	}
	if g.interval == 0 {
		g.interval = DefaultInterval
	}
	return g
}

// storedIdentity is the value of the identity key.
type storedIdentity struct {
	ID      types.UID `json:"id"`
	Created time.Time `json:"created"`
}

// Verify compares the store with the marker, and prepares both at the first start. The API server must not serve before
// it returned nil. An error that wraps ErrDataLoss is final; any other (the store or the cluster cannot be reached) is
// worth another try.
func (g *Guard) Verify(ctx context.Context) error {
	record, err := g.verify(ctx)
	if err != nil {
		g.failure.Store(err.Error())
		return err
	}
	g.verified.Store(record)
	return nil
}

func (g *Guard) verify(ctx context.Context) (*Record, error) {
	var result *Record
	// Another replica may create the identity or move the marker at the same moment; then everything is read again.
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		var err error
		result, err = g.verifyOnce(ctx)
		if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
			return false, nil
		}
		return err == nil, err
	})
	return result, err
}

func (g *Guard) verifyOnce(ctx context.Context) (*Record, error) {
	var marker *Record
	if g.marker != nil {
		var err error
		if marker, err = g.marker.Load(ctx); err != nil {
			return nil, fmt.Errorf("store identity: cannot read the marker: %w", err)
		}
	}
	id, revision, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	if loss := compare(marker, id, revision); loss != nil {
		if !g.accept {
			return nil, fmt.Errorf("%w; serving it would make Kubernetes delete the pods of every workflow that is missing. "+
				"Restore the data directory or the etcd backup, or start once with --accept-data-loss to go on with what is there", loss)
		}
		klog.ErrorS(loss, "Going on with a store that lost data, because of --accept-data-loss")
	}
	if id == "" {
		if id, revision, err = g.create(ctx); err != nil {
			return nil, err
		}
	}
	next := Record{ID: id, Revision: revision}
	if marker != nil {
		next.Version = marker.Version
		if *marker == next {
			return marker, nil
		}
	}
	if g.marker == nil {
		return &next, nil
	}
	saved, err := g.marker.Save(ctx, next)
	if err != nil {
		return nil, fmt.Errorf("store identity: cannot write the marker: %w", err)
	}
	return saved, nil
}

// compare returns what is wrong with a store of this identity (empty: none yet) and revision, or nil.
func compare(marker *Record, id types.UID, revision int64) error {
	switch {
	case marker == nil:
		return nil
	case id == "":
		return fmt.Errorf("%w: it is empty, but store %s at revision %d was served before", ErrDataLoss, marker.ID, marker.Revision)
	case id != marker.ID:
		return fmt.Errorf("%w: it is store %s, but store %s was served before", ErrDataLoss, id, marker.ID)
	case revision < marker.Revision:
		return fmt.Errorf("%w: it is at revision %d, but was at revision %d before", ErrDataLoss, revision, marker.Revision)
	}
	return nil
}

// read returns the identity in the store, empty when there is none, and the store's revision.
func (g *Guard) read(ctx context.Context) (types.UID, int64, error) {
	got, err := g.client.Get(ctx, g.key)
	if err != nil {
		return "", 0, fmt.Errorf("store identity: cannot read the store: %w", err)
	}
	if len(got.Kvs) == 0 {
		return "", got.Header.Revision, nil
	}
	var stored storedIdentity
	if err := json.Unmarshal(got.Kvs[0].Value, &stored); err != nil || stored.ID == "" {
		return "", 0, fmt.Errorf("store identity: the value of %s is damaged: %q", g.key, got.Kvs[0].Value)
	}
	return stored.ID, got.Header.Revision, nil
}

// create gives the store an identity unless it got one meanwhile, and returns the one that it has.
func (g *Guard) create(ctx context.Context) (types.UID, int64, error) {
	value, err := json.Marshal(storedIdentity{ID: uuid.NewUUID(), Created: g.clock.Now().UTC()})
	if err != nil {
		return "", 0, err
	}
	_, err = g.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(g.key), "=", 0)).
		Then(clientv3.OpPut(g.key, string(value))).
		Commit()
	if err != nil {
		return "", 0, fmt.Errorf("store identity: cannot write the store: %w", err)
	}
	return g.read(ctx)
}

// Run keeps the high-water revision in the marker up to date until ctx ends, then writes it a last time. Verify must
// have succeeded.
func (g *Guard) Run(ctx context.Context) {
	if g.marker == nil {
		<-ctx.Done()
		return
	}
	ticker := g.clock.NewTicker(g.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			g.raise(last)
			return
		case <-ticker.C():
			g.raise(ctx)
		}
	}
}

// raise writes the present revision if it is higher than what the marker has.
func (g *Guard) raise(ctx context.Context) {
	record := g.verified.Load()
	if record == nil {
		return
	}
	_, revision, err := g.read(ctx)
	if err != nil {
		klog.ErrorS(err, "Cannot read the revision of the store")
		return
	}
	if revision <= record.Revision {
		return
	}
	saved, err := g.marker.Save(ctx, Record{ID: record.ID, Revision: revision, Version: record.Version})
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) {
		// Another replica wrote it, or somebody removed it: the next round goes on from what is there.
		if current, loadErr := g.marker.Load(ctx); loadErr == nil {
			if current == nil {
				current = &Record{ID: record.ID}
			}
			if current.ID == record.ID {
				g.verified.Store(current)
				return
			}
			err = fmt.Errorf("it is now that of store %s", current.ID)
		}
	}
	if err != nil {
		klog.ErrorS(err, "Cannot write the marker of the store")
		return
	}
	g.verified.Store(saved)
}

// Name is the name of the health check.
func (g *Guard) Name() string { return "store-identity" }

// Check fails until Verify has succeeded, with the reason.
func (g *Guard) Check(*http.Request) error {
	if g.verified.Load() != nil {
		return nil
	}
	if text, ok := g.failure.Load().(string); ok {
		return errors.New(text)
	}
	return errors.New("the identity of the store is not verified yet")
}
