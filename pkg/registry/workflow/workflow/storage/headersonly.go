package storage

import "context"

type headersOnlyKey struct{}

// WithHeadersOnly marks a request that has no use for the nodes of large workflows: its answer is a table or metadata.
func WithHeadersOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, headersOnlyKey{}, true)
}

func headersOnly(ctx context.Context) bool {
	only, _ := ctx.Value(headersOnlyKey{}).(bool)
	return only
}
