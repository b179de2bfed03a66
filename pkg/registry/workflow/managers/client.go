package managers

import (
	"context"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
)

type clientKey struct{}

// WithClient returns a context that knows which program sends the request.
func WithClient(ctx context.Context, userAgent string) context.Context {
	return context.WithValue(ctx, clientKey{}, userAgent)
}

// Filter tells the registry which program sends a request: it cannot see the header.
func Filter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			req = req.WithContext(WithClient(req.Context(), req.UserAgent()))
		}
		next.ServeHTTP(w, req)
	})
}

// nameOf is the manager: what the request says with ?fieldManager=, or else the name of the program, as in ordinary writes.
func nameOf(ctx context.Context, given string) string {
	if given != "" {
		return given
	}
	agent, _ := ctx.Value(clientKey{}).(string)
	program, _, _ := strings.Cut(agent, "/")
	var name strings.Builder
	for _, r := range program {
		if !unicode.IsPrint(r) {
			continue
		}
		if name.Len()+utf8.RuneLen(r) > metav1validation.FieldManagerMaxLength {
			break
		}
		name.WriteRune(r)
	}
	return name.String()
}
