package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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

// previewURL is where the exporters believe they send to. No such host exists (RFC 6761), and it is never looked up.
const previewURL = "http://preview.invalid/v1/"

func newPreview(out io.Writer) *http.Client { return &http.Client{Transport: &preview{out: out}} }

// RoundTrip implements http.RoundTripper.
func (p *preview) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	line, err := otlpJSON(strings.TrimPrefix(r.URL.Path, "/v1/"), body)
	if err != nil {
		return nil, err
	}
	if err := p.write(line); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody,
	}, nil
}

func (p *preview) write(line []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.out.Write(line)
	return err
}

// otlpJSON encodes a request as a line of OTLP JSON: protobuf's JSON, but with enumerations as numbers and ids in
// hexadecimal (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
func otlpJSON(signal string, body []byte) ([]byte, error) {
	message, ok := map[string]proto.Message{
		"traces": &coltrace.ExportTraceServiceRequest{}, "metrics": &colmetrics.ExportMetricsServiceRequest{},
		"logs": &collogs.ExportLogsServiceRequest{},
	}[signal]
	if !ok {
		return nil, fmt.Errorf("encoding a request: unknown signal %q", signal)
	}
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	encodeIDs(tree)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(tree) // ends the line
	return out.Bytes(), err
}

// encodeIDs rewrites the ids of traces and spans from base64 to hexadecimal. They are strings like others and can be
// recognized by their names alone.
func encodeIDs(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, n := range node {
			encodeIDs(n)
		}
	case map[string]any:
		for key, value := range node {
			text, isText := value.(string)
			if isText && (key == "traceId" || key == "spanId" || key == "parentSpanId") {
				if id, err := base64.StdEncoding.DecodeString(text); err == nil {
					node[key] = hex.EncodeToString(id)
				}
				continue
			}
			encodeIDs(value)
		}
	}
}
