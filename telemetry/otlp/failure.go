package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// explains reports whether an error that ran out of time says what it waited for, as gRPC's does if it knows.
func explains(err error) bool { return err != nil && symptomOf(err.Error()) != nil }

// failure is what a person reads of a failed export.
type failure struct{ cause, hint string }

// errPage is the error of a success with which no collector answers. The exporters would take it for a delivery.
var errPage = errors.New("the answer is a web page")

// symptom recognizes a kind of failure by what Go's packages net, tls and http write, which gRPC passes on as text.
type symptom struct {
	texts []string
	cause string                   // after it stands the detail, if there is one
	hint  func(r route) string     // what to do
	found func(text string) string // the detail
	again bool                     // it may pass by itself: another attempt is worth it
}

func fixed(hint string) func(route) string { return func(route) string { return hint } }

var fromTLS = lazy(`(?:tls|x509): [^"]*`)

// symptoms are sorted: the text of one failure may contain that of a later one.
var symptoms = []symptom{
	{
		texts: []string{"proxyconnect ", "connect handshake", "Proxy Authentication Required"},
		cause: "the proxy on the way to AT refuses the connection",
		hint: func(r route) string {
			return "check " + cmp.Or(r.proxy.variable, "HTTPS_PROXY") + noProxy
		},
	},
	{
		texts: []string{errPage.Error(), "failed to unmarshal", "cannot parse invalid wire-format"},
		cause: "AT answers, but not as an OTLP receiver does",
		hint:  func(r route) string { return "is " + r.variable + " the address of a collector?" },
	},
	{
		texts: []string{"looked like an HTTP/1.1 header"},
		cause: "AT answers in HTTP/1.1, not in gRPC",
		hint: func(r route) string {
			return cmp.Or(r.portHint(), "if it receives OTLP over HTTP, set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
		},
	},
	{
		// The second is what net/http writes of a server that speaks before it is asked, as gRPC's do.
		texts: []string{"malformed HTTP response", "readLoopPeekFailLocked: %!w(<nil>)"},
		cause: "AT does not answer in HTTP/1.1",
		hint: func(r route) string {
			return cmp.Or(r.portHint(), "if it receives OTLP over gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
		},
	},
	{
		texts: []string{"first record does not look like a TLS handshake", "gave HTTP response to HTTPS client"},
		cause: "AT does not use TLS",
		hint: func(r route) string {
			return "if it is to receive telemetry without TLS, write http:// in " + r.variable
		},
	},
	{
		texts: []string{"signed by unknown authority", "certificate is not trusted", "not standards compliant"},
		cause: "the certificate of AT is signed by an unknown authority",
		hint:  fixed("set OTEL_EXPORTER_OTLP_CERTIFICATE to a PEM file with the certificate of the authority"),
	},
	{
		texts: []string{"certificate has expired"},
		cause: "the certificate of AT has expired, or is not valid yet",
		hint:  fixed("renew the collector's certificate, or correct the clock of this machine"),
	},
	{
		texts: []string{"certificate is valid for", "cannot validate certificate", "not valid for any names", "IP SANs"},
		cause: "the certificate of AT is for another name",
		hint:  func(r route) string { return "write the name in the certificate in " + r.variable },
	},
	{
		texts: []string{"certificate required", "bad certificate", "remote error: tls: unknown certificate"},
		cause: "AT demands another client certificate",
		hint: fixed("set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY to those " +
			"that the collector accepts"),
	},
	{
		texts: []string{"tls: ", "x509: "},
		cause: "the TLS handshake with AT failed",
		hint:  func(r route) string { return "check " + r.variable + " and the collector's TLS settings" },
		found: func(text string) string { return fromTLS().FindString(text) },
	},
	{
		texts: []string{"no such host", "produced zero addresses", "server misbehaving", "lookup "},
		cause: "no collector at AT: its host name cannot be resolved",
		hint:  func(r route) string { return "check the host in " + r.variable + ", and this machine's DNS" },
	},
	{
		texts: []string{"connection refused", "actively refused"},
		cause: "no collector at AT: connection refused",
		hint:  startCollector,
	},
	{
		texts: []string{"no such file or directory"},
		cause: "no collector at AT: there is no such socket",
		hint:  startCollector,
	},
	{
		texts: []string{"permission denied"},
		cause: "no access to AT: permission denied",
		hint:  func(r route) string { return "let this user open what " + r.variable + " names" },
	},
	{
		texts: []string{"network is unreachable", "no route to host", "host is down", "unreachable network", "unreachable host"},
		cause: "no collector at AT: the network cannot reach it",
		hint:  func(r route) string { return "check " + r.variable + ", and this machine's network" },
	},
	{
		texts: []string{"reset by peer", "forcibly closed", "broken pipe", "EOF", "error reading server preface", "GOAWAY",
			"client conn could not be established", "closed idle connection", "connection broken", "broken connection",
			"connection lost", "readLoop exiting", "client conn not usable", "client conn is closed"},
		cause: "AT closes the connection",
		hint: func(r route) string {
			how := map[string]string{
				"https": " with TLS, and does not demand the certificate of OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
				"http":  " without TLS",
			}[r.endpoint.Scheme]
			return cmp.Or(r.portHint(), "check that it receives OTLP over "+string(r.protocol)+how)
		},
		again: true,
	},
}

func startCollector(r route) string {
	if hint := r.portHint(); hint != "" {
		return "start the collector, or correct " + r.variable + "; " + hint
	}
	return "start the collector, or set " + r.variable + " to its address"
}

func symptomOf(text string) *symptom {
	for i, s := range symptoms {
		for _, t := range s.texts {
			if strings.Contains(text, t) {
				return &symptoms[i]
			}
		}
	}
	return nil
}

// explain puts the failure of an export into words: what the last attempt says, or else the exporter's error.
func (r route) explain(last attempt, err error) failure {
	if r.preview != nil {
		return failure{"writing the preview: " + innermost(err), "is there space, and does its reader still read?"}
	}
	if rejected, partial := partialSuccess(err); partial {
		return failure{fmt.Sprintf("the collector at %s rejected %d items: %v", r.shown(), rejected, err),
			"the collector's message says why"}
	}
	if last.err != nil {
		err = last.err
	}
	if unreadable, ok := errors.AsType[*headersError](err); ok {
		return failure{unreadable.Error(), "nothing is sent until it can be; each request reads it again"}
	}
	code := status.Code(err)
	switch {
	case last.status >= http.StatusMultipleChoices:
		return r.explainHTTP(last, err)
	case code != codes.Unknown && code != codes.OK && !fromConnection(err) && !outOfTime(err):
		return r.explainGRPC(code, err)
	case err == nil:
		return r.noAnswer()
	}
	text := innermost(err)
	if s := symptomOf(text); s != nil {
		detail := ""
		if s.found != nil {
			detail = ": " + s.found(text)
		}
		return failure{strings.ReplaceAll(s.cause, "AT", r.at()) + detail, s.hint(r)}
	}
	if outOfTime(err) || strings.Contains(text, "timeout") {
		return r.noAnswer()
	}
	return failure{"the exchange with " + r.at() + " failed: " + text,
		cmp.Or(r.portHint(), "is "+r.variable+" the address of a collector?")}
}

// noAnswer is the failure of an export that was cut off without a sign from the other side.
func (r route) noAnswer() failure {
	hint := "check the address, and what may be in between, such as a firewall; OTEL_EXPORTER_OTLP_TIMEOUT and, at the " +
		"end, SPANPIPE_FLUSH_TIMEOUT set how long to wait"
	if port := r.portHint(); port != "" {
		hint = port + "; or " + hint
	}
	return failure{"no answer from " + r.at() + " in time", hint}
}

// fromConnection reports whether the error is that of gRPC's own connection and not one that a server has sent.
func fromConnection(err error) bool {
	text := err.Error()
	for _, own := range []string{"connection error:", "name resolver error:", "dns:", "error reading from server:",
		"transport is closing", "write tcp", "read tcp", "write unix", "read unix", "balancer error:", "failed to unmarshal", "closing transport due to"} {
		if strings.Contains(text, own) {
			return true
		}
	}
	return false
}

// innermost returns the text of an error without what the HTTP client puts around it: the URL, whose path may hold a token.
func innermost(err error) string {
	if inside, ok := errors.AsType[*url.Error](err); ok {
		err = inside.Err
	}
	return err.Error()
}

// explainHTTP explains a response whose status is not a success.
func (r route) explainHTTP(last attempt, err error) failure {
	answer := fmt.Sprintf("%d %s", last.status, http.StatusText(last.status))
	said := ""
	if _, body, ok := strings.Cut(fmt.Sprint(err), "body: "); ok {
		if body = strings.TrimSuffix(strings.TrimSpace(body), ")"); body != "(empty" {
			said = ": " + r.hidden.bounded(body)
		}
	}
	switch {
	case last.status < http.StatusBadRequest:
		return failure{r.shown() + " answers with a redirect, which is not followed: " + answer + redirection(last.location),
			"if that is the collector, set " + r.variable + " to its address"}
	case last.status == http.StatusNotFound:
		return failure{"there is no OTLP receiver at " + r.shown() + ": " + answer, r.pathHint()}
	case strings.Contains(said, "HTTP request to an HTTPS server"):
		return failure{r.at() + " demands TLS", "write https:// in " + r.variable}
	case last.status == http.StatusBadRequest && said == "" && r.endpoint.Scheme == "http": // as a TLS server may, and hang up
		return failure{"the collector at " + r.shown() + " refuses the telemetry: " + answer,
			"if it demands TLS, write https:// in " + r.variable}
	case last.status == http.StatusUnsupportedMediaType:
		return failure{r.shown() + " does not receive OTLP over http/protobuf: " + answer,
			cmp.Or(r.portHint(), "if it receives OTLP over gRPC, set OTEL_EXPORTER_OTLP_PROTOCOL=grpc")}
	}
	words := r.words(map[int]codes.Code{
		http.StatusUnauthorized: codes.Unauthenticated, http.StatusForbidden: codes.PermissionDenied,
		http.StatusTooManyRequests: codes.ResourceExhausted, http.StatusRequestEntityTooLarge: codes.OutOfRange,
		http.StatusServiceUnavailable: codes.Unavailable, http.StatusBadGateway: codes.Unavailable,
		http.StatusGatewayTimeout: codes.Unavailable, http.StatusInternalServerError: codes.Internal,
		http.StatusProxyAuthRequired: codes.Aborted,
	}[last.status])
	return failure{words.cause + ": " + answer + said, words.hint}
}

// pathHint returns what to do about a path that the collector does not know.
func (r route) pathHint() string {
	if r.variable == variablePrefix+"ENDPOINT" {
		return cmp.Or(r.portHint(), "to "+r.variable+" spanpipe adds /v1/"+r.signal.String()+
			": is the rest of it the collector's base URL?")
	}
	return r.variable + " is taken as it is: does it end in /v1/" + r.signal.String() + "?"
}

// explainGRPC explains a status that the collector has sent.
func (r route) explainGRPC(code codes.Code, err error) failure {
	if code == codes.Unimplemented {
		return failure{"the collector at " + r.shown() + " does not receive " + r.signal.String() + " over gRPC",
			cmp.Or(r.portHint(), "set OTEL_"+string(r.signal)+"_EXPORTER=none, or correct "+r.variable)}
	}
	words := r.words(code)
	return failure{words.cause + ": " + code.String() + r.said(err), words.hint}
}

// said returns the message of a gRPC status.
func (r route) said(err error) string {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) || carrier.GRPCStatus().Message() == "" {
		return ""
	}
	return ": " + r.hidden.bounded(carrier.GRPCStatus().Message())
}

// words returns the cause and the remedy for what a collector answers, over either protocol.
func (r route) words(code codes.Code) failure {
	collector := "the collector at " + r.shown()
	switch code {
	case codes.Unauthenticated:
		if r.headerPath != "" {
			return failure{collector + " does not accept the key", "check the file of " + r.headerVariable +
				": its values are sent as they are, without percent-encoding"}
		}
		if r.headers {
			return failure{collector + " does not accept the key", "check OTEL_EXPORTER_OTLP_HEADERS"}
		}
		return failure{collector + " demands a key",
			"name a file with it in SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS_FILE: a line such as authorization=Bearer KEY"}
	case codes.PermissionDenied:
		return failure{collector + " does not allow this", "may the key in " +
			cmp.Or(r.headerVariable, "OTEL_EXPORTER_OTLP_HEADERS") + " send telemetry?"}
	case codes.ResourceExhausted:
		return failure{collector + " takes no more for now",
			"raise its limits, or send less: OTEL_TRACES_SAMPLER, OTEL_METRIC_EXPORT_INTERVAL"}
	case codes.OutOfRange:
		return failure{collector + " finds the request too large",
			"lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE and OTEL_BLRP_MAX_EXPORT_BATCH_SIZE, or raise its limit"}
	case codes.Unavailable:
		return failure{collector + " is not available", "look into the collector's log, or at what stands in front of it"}
	case codes.Aborted:
		return failure{"the proxy on the way to " + r.at() + " demands a password",
			"set it in " + cmp.Or(r.proxy.variable, "HTTP_PROXY") + noProxy}
	case codes.Internal, codes.DataLoss:
		return failure{collector + " failed", "look into the collector's log"}
	}
	return failure{collector + " refuses the telemetry", "is " + r.variable + " the address of a collector? See its log"}
}

// redirection returns where a redirect leads, without what may be a secret.
func redirection(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + cmp.Or(u.Scheme, "the same scheme") + "://" + u.Host
}
