package anyname

import (
	"context"
	"errors"
	"slices"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

func TestAuthorizer(t *testing.T) {
	const allow, none = authorizer.DecisionAllow, authorizer.DecisionNoOpinion
	tests := []struct {
		name        string
		attributes  authorizer.AttributesRecord
		every, that authorizer.Decision
		fails       bool
		want        authorizer.Decision
		asked       []string
	}{
		{name: "all names allowed", attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "x"}, every: allow, want: allow, asked: []string{""}},
		{name: "this name allowed", attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "x"}, every: none, that: allow, want: allow, asked: []string{"", "x"}},
		{name: "nothing allowed", attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "x"}, every: none, that: none, want: none, asked: []string{"", "x"}},
		{name: "a denial of all is no answer for one", attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "x"}, every: authorizer.DecisionDeny, that: allow, want: allow, asked: []string{"", "x"}},
		{name: "failure", attributes: authorizer.AttributesRecord{ResourceRequest: true, Name: "x"}, fails: true, every: allow, that: allow, want: none, asked: []string{"", "x"}},
		{name: "no name", attributes: authorizer.AttributesRecord{ResourceRequest: true}, every: none, want: none, asked: []string{""}},
		{name: "no resource", attributes: authorizer.AttributesRecord{Path: "/metrics", Name: "x"}, that: allow, want: allow, asked: []string{"x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			test.attributes.User = &user.DefaultInfo{Name: "alice"}
			test.attributes.Verb, test.attributes.Resource, test.attributes.Subresource = "create", "workflows", "nodes"
			next := authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
				asked = append(asked, a.GetName())
				if a.GetUser().GetName() != "alice" || a.GetVerb() != "create" || a.GetResource() != "workflows" || a.GetSubresource() != "nodes" {
					t.Errorf("asked for another right: %v", a)
				}
				if test.fails {
					return none, "", errors.New("no answer")
				}
				if a.GetName() == "" {
					return test.every, "", nil
				}
				return test.that, "", nil
			})
			decision, _, err := Authorizer(next).Authorize(context.Background(), test.attributes)
			if decision != test.want || (err != nil) != test.fails || !slices.Equal(asked, test.asked) {
				t.Errorf("decision %v, asked for %q, %v; want %v, %q", decision, asked, err, test.want, test.asked)
			}
		})
	}
}
