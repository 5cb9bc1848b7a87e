package otlp

import (
	"cmp"
	"errors"
	"fmt"
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

// protocol is a value of OTEL_EXPORTER_OTLP_PROTOCOL.
type protocol string

// The protocols for which there are Go exporters. The SDK leaves the choice to the program.
const (
	grpcProtocol protocol = "grpc"
	httpProtobuf protocol = "http/protobuf"
)

// route is how and where a signal is sent.
type route struct {
	protocol protocol
	// endpoint is empty if the exporter is to read it from the environment. Where the environment has none it is the
	// specification's default, without TLS: the Go exporters' own default is TLS on the same port.
	endpoint string
}

// lookupFunc looks up an environment variable.
type lookupFunc func(string) (string, bool)

func (lookup lookupFunc) get(name string) string {
	v, _ := lookup(name)
	return strings.TrimSpace(v)
}

// forSignal returns the OTLP variable of one signal, else that of all signals.
func (lookup lookupFunc) forSignal(s signal, name string) string {
	return cmp.Or(lookup.get("OTEL_EXPORTER_OTLP_"+string(s)+"_"+name), lookup.get("OTEL_EXPORTER_OTLP_"+name))
}

// errSwitchedOff is the error of a signal that the user does not want to be sent.
var errSwitchedOff = errors.New("switched off")

// routeOf reads the environment variables that the Go exporters do not read themselves. It returns errSwitchedOff for a
// signal whose exporter is "none", and another error if a variable is invalid; the signal must not be sent then,
// because the exporters would use their defaults and send it elsewhere.
func routeOf(s signal, lookup lookupFunc) (route, error) {
	switch lookup.get("OTEL_" + string(s) + "_EXPORTER") {
	case "", "otlp":
	case "none":
		return route{}, errSwitchedOff
	default:
		return route{}, fmt.Errorf("OTEL_%s_EXPORTER: want otlp or none", string(s))
	}
	r := route{protocol: protocol(cmp.Or(lookup.forSignal(s, "PROTOCOL"), string(grpcProtocol)))}
	if r.protocol != grpcProtocol && r.protocol != httpProtobuf {
		return route{}, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: want grpc or http/protobuf for %s", s)
	}
	if endpoint := lookup.forSignal(s, "ENDPOINT"); endpoint != "" {
		return r, r.check(endpoint)
	}
	if lookup.forSignal(s, "INSECURE") == "" && lookup.forSignal(s, "CERTIFICATE") == "" {
		r.endpoint = r.defaultEndpoint(s)
	}
	return r, nil
}

func (r route) defaultEndpoint(s signal) string {
	if r.protocol == grpcProtocol {
		return "http://localhost:4317"
	}
	return "http://localhost:4318/v1/" + s.String()
}

// check rejects an endpoint that the exporters would misread.
func (r route) check(endpoint string) error {
	u, err := url.Parse(endpoint)
	scheme := ""
	if err == nil {
		scheme = strings.ToLower(u.Scheme)
	}
	switch {
	case scheme == "unix" && r.protocol == grpcProtocol:
		return nil
	case (scheme == "http" || scheme == "https") && u.Host != "":
		return nil
	}
	return errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: not a URL such as http://localhost:4317")
}

// Route describes where a signal is sent.
type Route struct {
	Signal   string // traces, metrics or logs
	Endpoint string // as the environment names it, credentials included
	Problem  string // why it is not sent
}

// Routes returns where each signal would be sent under the given environment.
func Routes(lookup func(string) (string, bool)) []Route {
	var out []Route
	for _, s := range []signal{traces, metrics, logs} {
		r, err := routeOf(s, lookup)
		described := Route{Signal: s.String()}
		switch {
		case errors.Is(err, errSwitchedOff):
			described.Problem = "OTEL_" + string(s) + "_EXPORTER is none"
		case err != nil:
			described.Problem = err.Error()
		default:
			named := lookupFunc(lookup).forSignal(s, "ENDPOINT")
			described.Endpoint = cmp.Or(r.endpoint, named, r.defaultEndpoint(s))
		}
		out = append(out, described)
	}
	return out
}
