package otlp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// security is what the variables of TLS say.
type security struct {
	config   *tls.Config
	variable string // one that is set; empty if none is
}

// securityOf reads the files that the variables of TLS name. The exporters would leave out one that they cannot read,
// and send to any host with a certificate that the system trusts, or without the client's.
func securityOf(s signal, lookup lookupFunc) (security, error) {
	ca, caVariable := lookup.forSignal(s, "CERTIFICATE")
	cert, certVariable := lookup.forSignal(s, "CLIENT_CERTIFICATE")
	key, keyVariable := lookup.forSignal(s, "CLIENT_KEY")
	found := security{config: &tls.Config{MinVersion: tls.VersionTLS12}}
	if ca != "" {
		found.variable = caVariable
		pem, err := os.ReadFile(ca)
		if err != nil {
			return security{}, unusable(caVariable, err)
		}
		found.config.RootCAs = x509.NewCertPool()
		if !found.config.RootCAs.AppendCertsFromPEM(pem) {
			return security{}, unusable(caVariable, errors.New("no certificate in PEM form in the file"))
		}
	}
	switch {
	case cert == "" && key == "":
		return found, nil
	case key == "":
		return security{}, fmt.Errorf("%s is set without %s: want both, or neither", certVariable, keyVariable)
	case cert == "":
		return security{}, fmt.Errorf("%s is set without %s: want both, or neither", keyVariable, certVariable)
	}
	found.variable = certVariable
	pair, err := clientPair(cert, certVariable, key, keyVariable)
	found.config.Certificates = []tls.Certificate{pair}
	return found, err
}

func clientPair(cert, certVariable, key, keyVariable string) (tls.Certificate, error) {
	certPEM, err := os.ReadFile(cert)
	if err != nil {
		return tls.Certificate{}, unusable(certVariable, err)
	}
	keyPEM, err := os.ReadFile(key)
	if err != nil {
		return tls.Certificate{}, unusable(keyVariable, err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, unusable(certVariable+" and "+keyVariable, err)
	}
	return pair, nil
}

// unusable is the error of a file that cannot be used. It names the variable and not the path, in which a user's name
// may stand, or a secret that is no path at all.
func unusable(variable string, err error) error {
	if problem, ok := errors.AsType[*fs.PathError](err); ok {
		err = problem.Err
	}
	return fmt.Errorf("%s: the file cannot be used: %w", variable, err)
}

// check rejects certificates for an endpoint without TLS: one of the two is a mistake, and only the user knows which.
func (s security) check(r route) error {
	if s.variable != "" && r.endpoint.Scheme == "http" {
		return fmt.Errorf("%s is set, but %s has no TLS: want https:// in %s, or no certificate",
			s.variable, r.at(), r.variable)
	}
	return nil
}

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

// watched returns gRPC's option that notes how every attempt ends.
func (a *attempts) watched() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, reply any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		a.start()
		err := invoke(ctx, method, request, reply, conn, options...)
		a.end(attempt{err: err})
		return err
	})
}

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
		Transport: watchedTransport{transport, a}, Timeout: max(r.timeout, 0),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// watchedTransport notes how every attempt ends.
type watchedTransport struct {
	http.RoundTripper
	attempts *attempts
}

// RoundTrip implements http.RoundTripper.
func (t watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.attempts.start()
	response, err := t.RoundTripper.RoundTrip(r)
	if err == nil && response.StatusCode < http.StatusMultipleChoices && isPage(response) {
		_ = response.Body.Close() // not read, which ends the connection: it is of no use
		response, err = nil, errPage
	}
	ended := attempt{err: err}
	switch {
	case err != nil && r.Context().Err() != nil:
		ended.err = r.Context().Err() // the transport says only that the request was canceled
	case err == nil:
		ended.status, ended.location = response.StatusCode, response.Header.Get("Location")
	}
	t.attempts.end(ended)
	return response, err
}

// errPage is the error of a success with which no collector answers. The exporters would take it for a delivery.
var errPage = errors.New("the answer is a web page")

// isPage reports whether a response is a page for people, such as that of a captive portal.
func isPage(response *http.Response) bool {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/html")
}

// proxy is the HTTP proxy of a route.
type proxy struct {
	url      *url.URL // nil without one
	variable string   // that names it
}

// String returns the proxy without its credentials, and the variable that names it.
func (p proxy) String() string {
	if p.url == nil {
		return ""
	}
	return p.url.Scheme + "://" + p.url.Host + " (" + p.variable + ")"
}

// proxyOf returns the proxy that a route goes through: what net/http and gRPC find in the same variables. gRPC asks for
// that of https whatever the endpoint's scheme is, and has none for a socket.
func proxyOf(r route, lookup lookupFunc) (proxy, error) {
	if r.endpoint.Scheme == "unix" {
		return proxy{}, nil
	}
	either := func(upper, lower string) (value, variable string) {
		if v := lookup.get(upper); v != "" {
			return v, upper
		}
		return lookup.get(lower), lower
	}
	forHTTP, variable := either("HTTP_PROXY", "http_proxy")
	forHTTPS, variableOfHTTPS := either("HTTPS_PROXY", "https_proxy")
	except, _ := either("NO_PROXY", "no_proxy")
	to := *r.endpoint
	if r.protocol == grpcProtocol {
		to = url.URL{Scheme: "https", Host: net.JoinHostPort(to.Hostname(), cmp.Or(to.Port(), "443"))}
	}
	if to.Scheme == "https" {
		variable = variableOfHTTPS
	}
	cfg := httpproxy.Config{
		HTTPProxy: forHTTP, HTTPSProxy: forHTTPS, NoProxy: except, CGI: lookup.get("REQUEST_METHOD") != "",
	}
	u, err := cfg.ProxyFunc()(&to)
	if err != nil {
		return proxy{}, fmt.Errorf("%s: not the address of a proxy, such as http://proxy.example:3128", variable)
	}
	return proxy{u, variable}, nil
}
