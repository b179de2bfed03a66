package v1alpha1

import (
	"fmt"
	"net/url"
	"strconv"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// addQueryConversions lets the server read the query parameters of subresources into their options.
func addQueryConversions(scheme *runtime.Scheme) error {
	return scheme.AddConversionFunc((*url.Values)(nil), (*NodesOptions)(nil), func(in, out any, _ conversion.Scope) error {
		return convertValuesToNodesOptions(*in.(*url.Values), out.(*NodesOptions))
	})
}

func convertValuesToNodesOptions(in url.Values, out *NodesOptions) error {
	*out = NodesOptions{
		Phase:        NodePhase(in.Get("phase")),
		Type:         NodeType(in.Get("type")),
		ChangedSince: in.Get("changedSince"),
		Continue:     in.Get("continue"),
	}
	var err error
	if text := in.Get("limit"); text != "" {
		if out.Limit, err = strconv.ParseInt(text, 10, 64); err != nil || out.Limit < 0 {
			return fmt.Errorf("query parameter limit must be a number of nodes, 0 or more, not %q", text)
		}
	}
	if text := in.Get("latest"); text != "" {
		if out.Latest, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("query parameter latest must be true or false, not %q", text)
		}
	}
	return nil
}
