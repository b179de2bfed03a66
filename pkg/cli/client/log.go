package client

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// Log opens the log of a workflow.
func (c *Client) Log(ctx context.Context, namespace, name string, options *v1alpha1.LogOptions) (io.ReadCloser, error) {
	if _, err := c.Own(ctx, Workflows, namespace, name); err != nil {
		return nil, err
	}
	request := c.scoped(c.rest.Get(), Workflows, namespace).Name(name).SubResource("log").SetHeader("Accept", "*/*")
	for key, values := range logQuery(options) {
		request = request.Param(key, values[0])
	}
	return request.Stream(ctx)
}

func logQuery(options *v1alpha1.LogOptions) url.Values {
	query := url.Values{}
	text := func(key, value string) {
		if value != "" {
			query.Set(key, value)
		}
	}
	flag := func(key string, value bool) {
		if value {
			query.Set(key, "true")
		}
	}
	number := func(key string, value *int64) {
		if value != nil {
			query.Set(key, strconv.FormatInt(*value, 10))
		}
	}
	text("container", options.Container)
	text("nodeID", options.NodeID)
	text("podName", options.PodName)
	text("grep", options.Grep)
	text("selector", options.Selector)
	flag("follow", options.Follow)
	flag("previous", options.Previous)
	flag("timestamps", options.Timestamps)
	flag("prefix", options.Prefix)
	number("sinceSeconds", options.SinceSeconds)
	number("tailLines", options.TailLines)
	number("limitBytes", options.LimitBytes)
	if options.SinceTime != nil {
		query.Set("sinceTime", options.SinceTime.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return query
}
