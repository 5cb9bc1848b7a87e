package otlp

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// credentials returns what gRPC does about TLS.
func (r route) credentials() credentials.TransportCredentials {
	if r.endpoint.Scheme == "https" || r.endpoint.Scheme == "unix" && r.security.variable != "" {
		return credentials.NewTLS(r.security.config)
	}
	return insecure.NewCredentials()
}

// target returns the endpoint as gRPC wants it.
func (r route) target() string {
	if r.endpoint.Scheme == "unix" {
		return r.endpoint.String()
	}
	return r.endpoint.Host
}

// encoded is gRPC's option to use our codec.
var encoded = grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}))

// codec encodes each request into a buffer of its own size. gRPC's own codec takes a buffer of a megabyte from a pool for
// everything above 32 KiB, and a session that sends large batches would keep several.
type codec struct{}

// Marshal implements encoding.CodecV2.
func (codec) Marshal(message any) (mem.BufferSlice, error) {
	data, err := proto.Marshal(message.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(data)}, err
}

// Unmarshal implements encoding.CodecV2.
func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	return proto.Unmarshal(data.Materialize(), message.(proto.Message))
}

// Name implements encoding.CodecV2. gRPC appends a name to the content type, which without one is application/grpc, as it is
// with gRPC's own codec.
func (codec) Name() string { return "" }

// client returns the HTTP client of a route. It does not follow redirects, which would carry telemetry and headers to
// another host, or from https to http. Apart from that it is the exporters' own.
func (r route) client(a *attempts) *http.Client {
	if r.preview != nil {
		return r.preview
	}
	transport := &http.Transport{
		Proxy:                 func(*http.Request) (*url.URL, error) { return r.proxy.url, nil },
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       r.security.config,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	return &http.Client{
		Transport: watchedTransport{transport, a, r.file}, Timeout: max(r.timeout, 0),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// watchedTransport adds the headers of a file, and notes how every attempt ends.
type watchedTransport struct {
	http.RoundTripper
	attempts *attempts
	file     *headerFile // nil without one
}

// RoundTrip implements http.RoundTripper.
func (t watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.attempts.start()
	response, err := t.send(r)
	if err == nil && response.StatusCode < http.StatusMultipleChoices && isPage(response) {
		_ = response.Body.Close() // not read, which ends the connection: it is of no use
		response, err = nil, errPage
	}
	ended := attempt{err: err}
	switch {
	case err != nil && isOver(r.Context()):
		ended.err = context.DeadlineExceeded // the transport says only that the request was canceled
	case err == nil:
		ended.status, ended.location = response.StatusCode, response.Header.Get("Location")
	}
	t.attempts.end(ended)
	return response, err
}

// send sends a request with all of its headers, or not at all.
func (t watchedTransport) send(r *http.Request) (*http.Response, error) {
	complete, err := t.file.overHTTP(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as the interface demands
		}
		return nil, err
	}
	return t.RoundTripper.RoundTrip(complete)
}

// isPage reports whether a response is a page for people, such as that of a captive portal.
func isPage(response *http.Response) bool {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/html")
}

// isOver reports whether a request's time is over. The client's own timer may go off a little before the context's.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}
