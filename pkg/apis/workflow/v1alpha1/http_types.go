package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// HTTP makes a template that sends one HTTP request. The workflow's agent sends it; the node has no pod of its own. The
// body of the response is the node's `outputs.result`.
type HTTP struct {
	// Method of the request. Default: `GET`.
	// +optional
	Method string `json:"method,omitempty"`
	// URL to call.
	URL string `json:"url"`
	// Headers to send; `Host` sets the host of the request.
	// +optional
	// +listType=atomic
	Headers HTTPHeaders `json:"headers,omitempty"`
	// How long the request may take, in seconds. Default: no limit of its own.
	// +optional
	TimeoutSeconds *int64 `json:"timeoutSeconds,omitempty"`
	// Expression over `request` and `response` that decides whether the node succeeds: `response.statusCode == 200 &&
	// response.body contains "ok"`. Default: the status code is between 200 and 299.
	// +optional
	SuccessCondition string `json:"successCondition,omitempty"`
	// Body of the request, text. Excludes `bodyFrom`.
	// +optional
	Body string `json:"body,omitempty"`
	// Body of the request, bytes.
	// +optional
	BodyFrom *HTTPBodySource `json:"bodyFrom,omitempty"`
	// Do not verify the server's TLS certificate. Default: false.
	// +optional
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
}

// HTTPHeaders are the headers of a request.
type HTTPHeaders []HTTPHeader

// HTTPHeader is one header of a request; it has a value or says where to find it.
type HTTPHeader struct {
	// Name of the header.
	Name string `json:"name"`
	// Its value.
	// +optional
	Value string `json:"value,omitempty"`
	// Where its value is.
	// +optional
	ValueFrom *HTTPHeaderSource `json:"valueFrom,omitempty"`
}

// HTTPHeaderSource tells where the value of a header is.
type HTTPHeaderSource struct {
	// Key of a Secret in the workflow's namespace.
	// +optional
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef,omitempty"`
}

// HTTPBodySource is the body of a request that is not text.
type HTTPBodySource struct {
	// The bytes, in base64.
	// +optional
	Bytes []byte `json:"bytes,omitempty"`
}
