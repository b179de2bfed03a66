package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"
)

// check is one thing that healthz or readyz asks.
type check struct {
	name string
	ask  func(*http.Request) error
}

// healthHandler answers 200 when all checks pass and 500 with the failed ones otherwise.
func healthHandler(checks ...check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		failed := ""
		for _, c := range checks {
			if err := c.ask(r); err != nil {
				failed += fmt.Sprintf("%s: %v\n", c.name, err)
			}
		}
		if failed != "" {
			http.Error(w, failed, http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

func healthMux(live, ready []check) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", healthHandler(live...))
	mux.Handle("/livez", healthHandler(live...))
	mux.Handle("/readyz", healthHandler(ready...))
	return mux
}

func metricsMux(profiling bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", legacyregistry.Handler())
	if profiling {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// serve listens at once, so that a taken port is an error at the start, and serves until ctx ends.
func serve(ctx context.Context, what, address string, handler http.Handler) error {
	if address == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for %s: %w", what, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			klog.FromContext(ctx).Error(err, "Serving ended", "what", what)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}
