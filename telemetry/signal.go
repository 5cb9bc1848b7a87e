package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spanpipe/spanpipe/consent"
)

// signal is one of OpenTelemetry's three, in the spelling of its environment variables.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
	logs    signal = "LOGS"
)

func (s signal) String() string { return strings.ToLower(string(s)) }

// protocol is how a signal travels.
type protocol string

// The protocols of OTEL_EXPORTER_OTLP_PROTOCOL that the Go exporters speak. The SDK leaves the choice to us.
const (
	grpcProtocol protocol = "grpc"
	httpProtobuf protocol = "http/protobuf"
)

// route is where and how a signal is sent.
type route struct {
	protocol protocol
	// endpoint is set if the environment names none: then the default of the specification is used, without TLS. The Go
	// exporters' own default would be TLS on the same port.
	endpoint string
}

// routed reads the environment variables that the Go exporters do not read themselves. A signal that is switched off
// has no route and no error; one whose variables make no sense has an error, and is not sent.
func routed(s signal, lookup func(string) (string, bool)) (r route, on bool, err error) {
	get := func(name string) string {
		v, _ := lookup(name)
		return strings.TrimSpace(v)
	}
	switch v := get("OTEL_" + string(s) + "_EXPORTER"); v {
	case "", "otlp":
	case "none":
		return route{}, false, nil
	default:
		return route{}, false, fmt.Errorf("OTEL_%s_EXPORTER: only otlp and none can be used here", s)
	}
	switch p := protocol(either(get, s, "PROTOCOL")); p {
	case "":
		r.protocol = grpcProtocol
	case grpcProtocol, httpProtobuf:
		r.protocol = p
	default:
		return route{}, false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: only grpc and http/protobuf can be used for %s", s)
	}
	endpoint := either(get, s, "ENDPOINT")
	if endpoint == "" {
		if either(get, s, "INSECURE") == "" && either(get, s, "CERTIFICATE") == "" {
			r.endpoint = r.fallback(s)
		}
		return r, true, nil
	}
	if err := r.check(endpoint); err != nil {
		return route{}, false, err
	}
	return r, true, nil
}

// either reads the variable of one signal, or else the one for all.
func either(get func(string) string, s signal, name string) string {
	if v := get("OTEL_EXPORTER_OTLP_" + string(s) + "_" + name); v != "" {
		return v
	}
	return get("OTEL_EXPORTER_OTLP_" + name)
}

func (r route) fallback(s signal) string {
	if r.protocol == grpcProtocol {
		return "http://localhost:4317"
	}
	return "http://localhost:4318/v1/" + s.String()
}

// check refuses what the exporters would misread: they would go on with their default, and send to where nobody asked.
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

// Route is where a signal goes, for people to read.
type Route struct {
	Signal   string // traces, metrics, logs
	Endpoint string
	Problem  string // why it goes nowhere
}

// Routes says where each signal would go under the policy, and with the environment as it is.
func Routes(p consent.Policy, lookup func(string) (string, bool)) []Route {
	if !p.Has(consent.OTLP) {
		return nil
	}
	var out []Route
	for _, s := range []signal{traces, metrics, logs} {
		r, on, err := routed(s, lookup)
		switch {
		case err != nil:
			out = append(out, Route{Signal: s.String(), Problem: err.Error()})
		case !on:
			out = append(out, Route{Signal: s.String(), Problem: "OTEL_" + string(s) + "_EXPORTER is none"})
		case r.endpoint == "":
			get := func(name string) string { v, _ := lookup(name); return v }
			out = append(out, Route{Signal: s.String(), Endpoint: cmp.Or(either(get, s, "ENDPOINT"), r.fallback(s))})
		default:
			out = append(out, Route{Signal: s.String(), Endpoint: r.endpoint})
		}
	}
	return out
}
