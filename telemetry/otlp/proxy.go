package otlp

import (
	"cmp"
	"fmt"
	"net"
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

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
