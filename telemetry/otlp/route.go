package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// signal is one of OpenTelemetry's three, spelled as in its environment variables.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
	logs    signal = "LOGS"
)

func (s signal) String() string { return strings.ToLower(string(s)) }

// protocol is a value of OTEL_EXPORTER_OTLP_PROTOCOL. Of the specification's three, http/json has no exporter in Go.
type protocol string

// The protocols for which there are Go exporters. The SDK leaves the choice to the program.
const (
	grpcProtocol protocol = "grpc"
	httpProtobuf protocol = "http/protobuf"
)

// route is how and where a signal is sent.
type route struct {
	protocol protocol
	endpoint string // as the environment names it, else the specification's default
	// explicit means that the exporter must be given the endpoint, which the environment does not name. The
	// specification's default is without TLS, while the Go exporters' own is TLS on the same port.
	explicit bool
	preview  *http.Client // replaces the network; nil where records are sent
}

// lookupFunc looks up an environment variable.
type lookupFunc func(string) (string, bool)

// get returns a variable without the spaces around it, or "".
func (lookup lookupFunc) get(name string) string {
	v, _ := lookup(name)
	return strings.TrimSpace(v)
}

// forSignal returns the OTLP variable of one signal, else that of all signals. An empty variable counts as unset, as
// the specification demands (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
func (lookup lookupFunc) forSignal(s signal, name string) string {
	return cmp.Or(lookup.get("OTEL_EXPORTER_OTLP_"+string(s)+"_"+name), lookup.get("OTEL_EXPORTER_OTLP_"+name))
}

// errNone is the error of a signal that the user does not want to be sent.
var errNone = errors.New("is none")

// routeOf reads the environment variables that the Go exporters do not read themselves. It returns errNone for a signal
// whose exporter is "none", and another error if a variable is invalid. The signal must not be sent then: the exporters
// would use their defaults and send it elsewhere.
func routeOf(s signal, lookup lookupFunc) (route, error) {
	switch lookup.get("OTEL_" + string(s) + "_EXPORTER") {
	case "", "otlp":
	case "none":
		return route{}, fmt.Errorf("OTEL_%s_EXPORTER %w", string(s), errNone)
	default:
		return route{}, fmt.Errorf("OTEL_%s_EXPORTER: want otlp or none", string(s))
	}
	r := route{protocol: grpcProtocol, endpoint: "http://localhost:4317"}
	switch protocol(lookup.forSignal(s, "PROTOCOL")) {
	case "", grpcProtocol:
	case httpProtobuf:
		r = route{protocol: httpProtobuf, endpoint: "http://localhost:4318/v1/" + s.String()}
	default:
		return route{}, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: want grpc or http/protobuf for %s", s)
	}
	if endpoint := lookup.forSignal(s, "ENDPOINT"); endpoint != "" {
		r.endpoint = endpoint
		return r, r.check()
	}
	r.explicit = lookup.forSignal(s, "INSECURE") == "" && lookup.forSignal(s, "CERTIFICATE") == ""
	return r, nil
}

// check rejects an endpoint that the exporters would misread.
func (r route) check() error {
	u, err := url.Parse(r.endpoint)
	switch {
	case err == nil && u.Scheme == "unix" && r.protocol == grpcProtocol:
		return nil
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return nil
	}
	return errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: not a URL such as http://localhost:4317")
}

// Route describes where a signal is sent.
type Route struct {
	Signal   string // traces, metrics or logs
	Protocol string // grpc or http/protobuf; empty if there is a Problem
	Endpoint string // as the environment names it, credentials included
	Problem  string // why it is not sent
}

// Routes returns where each signal would be sent under the given environment. It connects to nothing.
func Routes(lookup func(string) (string, bool)) []Route {
	var all []Route
	for _, s := range []signal{traces, metrics, logs} {
		described := Route{Signal: s.String()}
		if r, err := routeOf(s, lookup); err != nil {
			described.Problem = err.Error()
		} else {
			described.Protocol, described.Endpoint = string(r.protocol), r.endpoint
		}
		all = append(all, described)
	}
	return all
}
