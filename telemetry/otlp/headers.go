package otlp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// This file sends headers that stand in a file, where the server's environment and its own cannot show them.

// maxHeaders bounds a file of headers, in bytes.
const maxHeaders = 64 << 10

// headerFile is a file of headers. It is read for every request: a key that is replaced counts from the next request on, and
// nothing has to watch the file. It is safe for concurrent use.
type headerFile struct {
	path     string
	variable string
	hidden   *secrets
	reading  chan struct{} // has room for one read: a file system that hangs must not collect goroutines

	checkMode func(fs.FileMode)
}

// headersError is why a request was not sent: without its headers, a collector would refuse it, or take it for someone else's.
// Its text has nothing of the file's contents.
type headersError struct {
	variable string
	cause    error
}

// Error implements error.
func (e *headersError) Error() string {
	return "the file of " + e.variable + " cannot be used: " + e.cause.Error()
}

// load reads the file, for as long as the request may take. If that panics, so does load: where an exporter's panic ends telemetry
// and not the session.
func (f *headerFile) load(ctx context.Context) (map[string]string, error) {
	type result struct {
		headers  map[string]string
		err      error
		panicked any
	}
	done := make(chan result, 1)
	select {
	case f.reading <- struct{}{}:
		go func() { // ends with the read; if the file system hangs, with the process
			var r result
			defer func() {
				r.panicked = recover()
				<-f.reading
				done <- r
			}()
			r.headers, r.err = f.read()
		}()
	case <-ctx.Done():
		return nil, f.late(ctx)
	}
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.headers, r.err
	case <-ctx.Done():
		return nil, f.late(ctx)
	}
}

// late returns the error of a read that took too long; of one that the end of the session has cut off, the context's.
func (f *headerFile) late(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return &headersError{f.variable, errors.New("it could not be read in time")}
}

func (f *headerFile) read() (map[string]string, error) {
	text, mode, err := namedfile.Read(f.path, maxHeaders)
	if err != nil {
		return nil, &headersError{f.variable, err}
	}
	f.checkMode(mode)
	headers, err := parseHeaders(text)
	if err != nil {
		return nil, &headersError{f.variable, err}
	}
	for _, value := range headers {
		f.hidden.hideHeader(value)
	}
	return headers, nil
}

// reserved are headers of the protocol, which a file must not change.
const reserved = " connection content-encoding content-length content-type host te trailer transfer-encoding upgrade "

// parseHeaders parses the text of a file: name=value, one a line. A value is taken as it is, without percent-encoding and with
// commas: it is what a program that fetches keys writes. Blank lines and those that begin with # do not count. No error
// quotes a line.
func parseHeaders(text []byte) (map[string]string, error) {
	headers := map[string]string{}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok:
			return nil, fmt.Errorf("line %d: want name=value", n)
		case !headerName().MatchString(name):
			return nil, fmt.Errorf("line %d: the text before = is not the name of a header", n)
		case strings.Contains(reserved, " "+name+" ") || strings.HasPrefix(name, "grpc-") || strings.HasSuffix(name, "-bin"):
			return nil, fmt.Errorf("line %d: the protocol sets this header itself", n)
		case strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
			return nil, fmt.Errorf("line %d: the value has a character that no header can have", n)
		}
		if _, twice := headers[name]; twice {
			return nil, fmt.Errorf("line %d: this header is set twice", n)
		}
		headers[name] = value
	}
	if len(headers) == 0 {
		return nil, errors.New("there is no header in it: want name=value, one a line")
	}
	return headers, nil
}

// readHeaders returns why a request to the route would not have its headers, or nil.
func (r route) readHeaders() error {
	if r.headerPath == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	f := &headerFile{
		path: r.headerPath, variable: r.headerVariable, hidden: &secrets{}, reading: make(chan struct{}, 1),
		checkMode: func(fs.FileMode) {},
	}
	var err error
	if r.protocol == grpcProtocol {
		_, err = f.overGRPC(ctx)
	} else {
		_, err = f.load(ctx)
	}
	return err
}

// overHTTP returns a request with the file's headers, which take precedence over those of variables.
func (f *headerFile) overHTTP(r *http.Request) (*http.Request, error) {
	if f == nil {
		return r, nil
	}
	headers, err := f.load(r.Context())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context()) // a RoundTripper must not change its request
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r, nil
}

var grpcName = lazy("^[0-9a-z_.-]+$") // https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Header-Name

// overGRPC does what overHTTP does.
func (f *headerFile) overGRPC(ctx context.Context) (context.Context, error) {
	if f == nil {
		return ctx, nil
	}
	headers, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	all, _ := metadata.FromOutgoingContext(ctx) // a copy
	if all == nil {
		all = metadata.MD{}
	}
	for name, value := range headers {
		if !grpcName().MatchString(name) {
			return nil, &headersError{f.variable, errors.New("a name in it has characters that gRPC does not allow in names of headers")}
		}
		all.Set(name, value)
	}
	return metadata.NewOutgoingContext(ctx, all), nil
}
