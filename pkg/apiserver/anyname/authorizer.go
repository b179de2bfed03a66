// Package anyname saves questions about rights. Each right of a user is asked for at kube-apiserver and remembered for a
// few seconds, but by the name of the object too: a controller that writes five hundred workflows would ask five hundred
// times for what one rule allows.
package anyname

import (
	"context"

	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Authorizer asks first whether the user may do it with objects of every name; an empty name means all of them to
// Kubernetes' authorizers. Only when that is not allowed, which is remembered as well, it asks for the one name.
// Requests that come through kube-apiserver were authorized there with their name before.
func Authorizer(next authorizer.Authorizer) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(ctx context.Context, attributes authorizer.Attributes) (authorizer.Decision, string, error) {
		if attributes.IsResourceRequest() && attributes.GetName() != "" {
			decision, reason, err := next.Authorize(ctx, everyName{attributes})
			if err == nil && decision == authorizer.DecisionAllow {
				return decision, reason, nil
			}
		}
		return next.Authorize(ctx, attributes)
	})
}

// everyName is a request for all names.
type everyName struct{ authorizer.Attributes }

// GetName implements authorizer.Attributes.
func (everyName) GetName() string { return "" }
