package otlp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// signal is one of OpenTelemetry's three, spelled as in its environment variables.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
	logs    signal = "LOGS"
)

var signals = []signal{traces, metrics, logs}

func (s signal) String() string { return strings.ToLower(string(s)) }

// protocol is a value of OTEL_EXPORTER_OTLP_PROTOCOL. Of the specification's three, http/json has no exporter in Go.
type protocol string

// The protocols for which there are Go exporters. The SDK leaves the choice to the program.
const (
	grpcProtocol protocol = "grpc"
	httpProtobuf protocol = "http/protobuf"
)

// route is how and where a signal is sent. The exporters are given all of it: what they read themselves from
// OTEL_EXPORTER_OTLP_INSECURE would take TLS away from an https:// endpoint, and files that they cannot read would be
// left out.
type route struct {
	signal   signal
	protocol protocol
	endpoint *url.URL // the whole URL; for gRPC its path does not count
	variable string   // that names the endpoint; the general one if none is set
	named    bool     // one is set
	security security
	proxy    proxy
	headers  bool          // there are some to send
	timeout  time.Duration // of one request over HTTP; none if it is not positive
	preview  *http.Client  // replaces the network; nil where records are sent

	hidden *secrets // of what is shown of an answer; nil where nothing is sent

	headerPath, headerVariable string      // the file with headers, and the variable that names it; empty without one
	file                       *headerFile // reads it; nil without one, and where nothing is sent
}

// lookupFunc looks up an environment variable.
type lookupFunc func(string) (string, bool)

// get returns a variable without the spaces around it, or "".
func (lookup lookupFunc) get(name string) string {
	v, _ := lookup(name)
	return strings.TrimSpace(v)
}

// forSignal returns the OTLP variable of one signal, else that of all signals, and the name of the variable that is
// set. An empty variable counts as unset, as the specification demands
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
func (lookup lookupFunc) forSignal(s signal, name string) (value, variable string) {
	if own := variablePrefix + string(s) + "_" + name; lookup.get(own) != "" {
		return lookup.get(own), own
	}
	return lookup.get(variablePrefix + name), variablePrefix + name
}

// errNone is the error of a signal that the user does not want to be sent.
var errNone = errors.New("is none")

// routeOf reads the environment variables of a signal. It returns errNone for a signal whose exporter is "none", and
// another error if a variable is invalid or names a file that cannot be used. The signal must not be sent then: the
// exporters would use their defaults and send it elsewhere, or with less security than was asked for.
func routeOf(s signal, lookup lookupFunc) (route, error) {
	exporter := "OTEL_" + string(s) + "_EXPORTER"
	switch v := lookup.get(exporter); v {
	case "", "otlp":
	case "none":
		return route{}, fmt.Errorf("%s %w", exporter, errNone)
	default:
		return route{}, fmt.Errorf("%s%s: want otlp or none", exporter, harmless(v))
	}
	r := route{signal: s, protocol: grpcProtocol, timeout: timeout(s, lookup)}
	switch v, variable := lookup.forSignal(s, "PROTOCOL"); protocol(v) {
	case "", grpcProtocol:
	case httpProtobuf:
		r.protocol = httpProtobuf
	default:
		return route{}, fmt.Errorf("%s%s: want grpc or http/protobuf", variable, harmless(v))
	}
	headers, _ := lookup.forSignal(s, "HEADERS")
	r.headerPath, r.headerVariable = headerFileOf(s, lookup)
	r.headers = headers != "" || r.headerPath != ""
	var err error
	if r.security, err = securityOf(s, lookup); err != nil {
		return route{}, err
	}
	if err := r.findEndpoint(lookup); err != nil {
		return route{}, err
	}
	if err := r.security.check(r); err != nil {
		return route{}, err
	}
	r.proxy, err = proxyOf(r, lookup)
	return r, err
}

// headerFileOf returns the file of headers that the variables of a signal name, or "". Clients do not expand the "~/" that a user
// writes into their configuration.
func headerFileOf(s signal, lookup lookupFunc) (path, variable string) {
	if path, variable = lookup.forSignal(s, "HEADERS_FILE"); path == "" {
		return "", ""
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home := "HOME"
		if runtime.GOOS == "windows" {
			home = "USERPROFILE"
		}
		path = filepath.Join(lookup.get(home), rest)
	}
	return path, ownPrefix + variable // OpenTelemetry has no such variable
}

// findEndpoint sets the endpoint's URL. Whether it is encrypted depends on its scheme alone: the specification has
// OTEL_EXPORTER_OTLP_INSECURE only for an endpoint without one, which is not accepted here
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options). The default endpoint is without
// TLS, unless other variables speak of it.
func (r *route) findEndpoint(lookup lookupFunc) error {
	value, variable := lookup.forSignal(r.signal, "ENDPOINT")
	r.variable, r.named = variable, value != ""
	if value == "" {
		port := map[protocol]string{grpcProtocol: "4317", httpProtobuf: "4318"}[r.protocol]
		value = "http://localhost:" + port
		insecure, _ := lookup.forSignal(r.signal, "INSECURE")
		if r.security.variable != "" || insecure != "" && !strings.EqualFold(insecure, "true") {
			value = "https://localhost:" + port
		}
	}
	u, err := url.Parse(value)
	switch {
	case err == nil && u.Scheme == "unix" && r.protocol == grpcProtocol:
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	default:
		return fmt.Errorf("%s%s: not a URL such as http://localhost:4317", variable, address(value))
	}
	r.endpoint = u
	if r.protocol == httpProtobuf {
		switch {
		case variable == variablePrefix+"ENDPOINT": // a base URL; that of one signal is taken as it is
			u.Path = path.Join("/", u.Path, "/v1/"+r.signal.String())
		case u.Path == "":
			u.Path = "/"
		}
		u.RawPath = ""
	}
	return nil
}

// timeout returns how long a request may take. The exporters read the same variable, and report an invalid value.
func timeout(s signal, lookup lookupFunc) time.Duration {
	const standard = 10 * time.Second
	v, _ := lookup.forSignal(s, "TIMEOUT")
	n, err := strconv.Atoi(v)
	if err != nil {
		return standard
	}
	return time.Duration(n) * time.Millisecond
}

// The values of variables that may be shown. Others may be secrets in the wrong place.
var (
	harmlessWord = lazy(`^[a-z]{1,12}([/_-][a-z]{1,12}){0,2}$`)
	hostAndPort  = lazy(`^[a-zA-Z0-9.-]{1,60}:[0-9]{1,5}$`)
)

// harmless returns ="value" for a word such as "zipkin" or "http/json", and "" for anything else.
func harmless(value string) string { return shownIf(harmlessWord, value) }

// address returns ="value" for an address without a scheme, the usual mistake.
func address(value string) string { return shownIf(hostAndPort, value) }

func shownIf(pattern func() *regexp.Regexp, value string) string {
	if pattern().MatchString(value) {
		return `="` + value + `"`
	}
	return ""
}

// at returns the endpoint's scheme, host and port.
func (r route) at() string {
	if r.endpoint.Scheme == "unix" {
		return r.endpoint.String()
	}
	return r.endpoint.Scheme + "://" + r.endpoint.Host
}

// shown returns the endpoint without what may be a secret: user, password, query, and the path, in which some vendors
// put a token, except for the part that the specification fixes.
func (r route) shown() string {
	const masked = "/…"
	if r.endpoint.Scheme == "unix" {
		return r.at()
	}
	fixed := "/v1/" + r.signal.String()
	switch p := r.endpoint.Path; {
	case p == "" || p == "/":
		return r.at()
	case p == fixed:
		return r.at() + fixed
	case strings.HasSuffix(p, fixed):
		return r.at() + masked + fixed
	}
	return r.at() + masked
}

// exposed reports whether headers are sent without encryption to another machine.
func (r route) exposed() bool { return r.headers && r.endpoint.Scheme == "http" && !r.local() }

// local reports whether the endpoint is on this machine.
func (r route) local() bool {
	host := strings.ToLower(r.endpoint.Hostname())
	ip := net.ParseIP(host)
	return r.endpoint.Scheme == "unix" || host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		ip != nil && ip.IsLoopback()
}

// portHint returns what to do about a port that is the other protocol's by convention, or "".
func (r route) portHint() string {
	switch port := r.endpoint.Port(); {
	case r.protocol == grpcProtocol && port == "4318":
		return "port 4318 is that of OTLP over HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
	case r.protocol == httpProtobuf && port == "4317":
		return "port 4317 is that of OTLP over gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318"
	}
	return ""
}

// Route describes where a signal is sent, without secrets.
type Route struct {
	Signal   string   // traces, metrics or logs
	Protocol string   // grpc or http/protobuf; empty if there is a Problem
	Endpoint string   // its URL without user, query and path; empty if there is a Problem
	Default  bool     // no variable names the endpoint
	Local    bool     // the endpoint is on this machine
	Proxy    string   // through which it is sent, with the variable that names it; empty without one
	Warnings []string // what to know before sending anything there
	Problem  string   // why it is not sent
	Off      bool     // because the user does not want this signal to be sent
}

// Routes returns where each signal would be sent under the given environment. It reads files that the variables name, and connects to nothing.
func Routes(lookup func(string) (string, bool)) []Route {
	var all []Route
	for _, s := range signals {
		r, err := routeOf(s, lookup)
		described := r.describe(s, err)
		if err := r.readHeaders(); err != nil {
			described.Warnings = append(described.Warnings, err.Error()+"; nothing is sent until it can be")
		}
		all = append(all, described)
	}
	return all
}

// describe describes what routeOf has returned for a signal.
func (r route) describe(s signal, err error) Route {
	if err != nil {
		return Route{Signal: s.String(), Problem: err.Error(), Off: errors.Is(err, errNone)}
	}
	described := Route{
		Signal: s.String(), Protocol: string(r.protocol), Endpoint: r.shown(), Default: !r.named, Local: r.local(), Proxy: r.proxy.String(),
	}
	if r.exposed() {
		described.Warnings = append(described.Warnings, "headers, which may hold keys, are sent to "+r.at()+
			" without encryption: use https:// in "+r.variable)
	}
	if hint := r.portHint(); hint != "" {
		described.Warnings = append(described.Warnings, hint)
	}
	return described
}
