package v1alpha1

import (
	"fmt"
	"net/url"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// addQueryConversions lets the server read the query parameters of subresources into their options.
func addQueryConversions(scheme *runtime.Scheme) error {
	if err := scheme.AddConversionFunc((*url.Values)(nil), (*NodesOptions)(nil), func(in, out any, _ conversion.Scope) error {
		return convertValuesToNodesOptions(*in.(*url.Values), out.(*NodesOptions))
	}); err != nil {
		return err
	}
	if err := scheme.AddConversionFunc((*url.Values)(nil), (*ArtifactOptions)(nil), func(in, out any, _ conversion.Scope) error {
		return convertValuesToArtifactOptions(*in.(*url.Values), out.(*ArtifactOptions))
	}); err != nil {
		return err
	}
	return scheme.AddConversionFunc((*url.Values)(nil), (*LogOptions)(nil), func(in, out any, _ conversion.Scope) error {
		return convertValuesToLogOptions(*in.(*url.Values), out.(*LogOptions))
	})
}

func convertValuesToNodesOptions(in url.Values, out *NodesOptions) error {
	query := queryReader{values: in}
	*out = NodesOptions{
		Phase:        in.Get("phase"),
		Type:         in.Get("type"),
		ChangedSince: in.Get("changedSince"),
		Continue:     in.Get("continue"),
		Latest:       query.boolean("latest"),
	}
	if limit := query.number("limit"); limit != nil {
		out.Limit = *limit
	}
	return query.err
}

func convertValuesToArtifactOptions(in url.Values, out *ArtifactOptions) error {
	query := queryReader{values: in}
	*out = ArtifactOptions{
		Path: in.Get("path"), Input: query.boolean("input"), ConfigMap: in.Get("configMap"), Key: in.Get("key"),
		Upload: in.Get("upload"), Offset: query.number("offset"), Complete: query.number("complete"), Abort: query.boolean("abort"),
	}
	return query.err
}

func convertValuesToLogOptions(in url.Values, out *LogOptions) error {
	query := queryReader{values: in}
	*out = LogOptions{
		Container:    in.Get("container"),
		NodeID:       in.Get("nodeID"),
		PodName:      in.Get("podName"),
		Grep:         in.Get("grep"),
		Selector:     in.Get("selector"),
		Follow:       query.boolean("follow"),
		Previous:     query.boolean("previous"),
		Timestamps:   query.boolean("timestamps"),
		Prefix:       query.boolean("prefix"),
		SinceSeconds: query.number("sinceSeconds"),
		TailLines:    query.number("tailLines"),
		LimitBytes:   query.number("limitBytes"),
		SinceTime:    query.time("sinceTime"),
	}
	return query.err
}

// queryReader reads typed query parameters and keeps the first error.
// +k8s:openapi-gen=false
// +k8s:deepcopy-gen=false
type queryReader struct {
	values url.Values
	err    error
}

// boolean is true also for a parameter without value, as in `?follow`.
func (q *queryReader) boolean(name string) bool {
	text := q.values.Get(name)
	if text == "" {
		return q.values.Has(name)
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		q.fail(name, "true or false", text)
	}
	return value
}

// number is nil when the parameter is absent or empty.
func (q *queryReader) number(name string) *int64 {
	text := q.values.Get(name)
	if text == "" {
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 {
		q.fail(name, "a whole number, 0 or more", text)
		return nil
	}
	return &value
}

// time is nil when the parameter is absent or empty.
func (q *queryReader) time(name string) *metav1.Time {
	text := q.values.Get(name)
	if text == "" {
		return nil
	}
	var value metav1.Time
	if err := value.UnmarshalQueryParameter(text); err != nil {
		q.fail(name, "a time like 2006-01-02T15:04:05Z", text)
		return nil
	}
	return &value
}

func (q *queryReader) fail(name, want, got string) {
	if q.err == nil {
		q.err = fmt.Errorf("query parameter %s must be %s, not %q", name, want, got)
	}
}
