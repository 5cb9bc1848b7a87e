package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// preview replaces the network: it is the transport of the exporters' HTTP clients, writes every request as one line of
// OTLP JSON, the format of OpenTelemetry's file exporter, and answers with success. Nothing but the network comes after
// it, so it shows what would have been sent.
type preview struct {
	mu  sync.Mutex // the exporters of the signals write at the same time
	out io.Writer
}

// previewRoute returns where the exporters believe they send to. No such host exists (RFC 6761), and it is never looked
// up. The exporters refuse http:// if the environment has certificates.
func previewRoute(s signal, client *http.Client) route {
	endpoint := &url.URL{Scheme: "https", Host: "preview.invalid", Path: "/v1/" + s.String()}
	return route{signal: s, protocol: httpProtobuf, endpoint: endpoint, preview: client}
}

// newPreview returns a client that writes to out and never connects.
func newPreview(out io.Writer) *http.Client { return &http.Client{Transport: &preview{out: out}} }

// RoundTrip implements http.RoundTripper. The exporters take an error of it for a failed delivery, and report it.
func (p *preview) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // as the interface demands; all has been read
	if err != nil {
		return nil, err
	}
	line, err := otlpJSON(strings.TrimPrefix(r.URL.Path, "/v1/"), body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.out.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody,
	}, nil
}

// idMember is a member of OTLP's JSON that holds the id of a trace or span. It cannot match inside a string: quotes are
// escaped there.
var idMember = lazy(`"(?:traceId|spanId|parentSpanId)":"([^"]*)"`)

// otlpJSON encodes a request as OTLP JSON without a line break: protobuf's JSON, but with enumerations as numbers and
// ids in hexadecimal instead of base64 (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
func otlpJSON(signal string, body []byte) ([]byte, error) {
	message, err := NewRequest(signal)
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil { // protojson adds spaces at random
		return nil, err
	}
	return withIDs(line.Bytes(), base64.StdEncoding.DecodeString, hex.EncodeToString), nil
}

// ParseLine parses a line of OTLP JSON, as OpenTelemetry's file exporters write it, into a request of a signal: traces,
// metrics or logs. The messages of files and of requests have the same fields.
func ParseLine(signal string, line []byte) (proto.Message, error) {
	message, err := NewRequest(signal)
	if err != nil {
		return nil, err
	}
	line = withIDs(line, hex.DecodeString, base64.StdEncoding.EncodeToString)
	return message, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(line, message)
}

// NewRequest returns an empty request of a signal.
func NewRequest(signal string) (proto.Message, error) {
	switch signal {
	case "traces":
		return &coltrace.ExportTraceServiceRequest{}, nil
	case "metrics":
		return &colmetrics.ExportMetricsServiceRequest{}, nil
	case "logs":
		return &collogs.ExportLogsServiceRequest{}, nil
	}
	return nil, fmt.Errorf("unknown signal %q", signal)
}

// withIDs returns a line whose ids have another encoding. One that cannot be decoded stays as it is.
func withIDs(line []byte, decode func(string) ([]byte, error), encode func([]byte) string) []byte {
	return idMember().ReplaceAllFunc(line, func(member []byte) []byte {
		id := idMember().FindSubmatch(member)[1]
		raw, err := decode(string(id))
		if err != nil {
			return member
		}
		return bytes.Replace(member, id, []byte(encode(raw)), 1)
	})
}
