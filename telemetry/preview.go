package telemetry

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

// preview stands where the network would be: it is the transport of the exporters' HTTP clients, writes every request as
// one line of OTLP JSON, the format of OpenTelemetry's file exporter, and answers that all went well. So what it shows is
// what would have been sent, after everything else has had its say.
type preview struct{ out io.Writer }

// previewURL is where the exporters believe they send to. No such host exists (RFC 6761), and none is asked for.
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
	if _, err := p.out.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-protobuf"}}, Body: http.NoBody,
	}, nil
}

// oneWriter is a writer for the exporters of all signals.
type oneWriter struct {
	mu  sync.Mutex
	out io.Writer
}

// Write writes without another Write at the same time.
func (w *oneWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// otlpJSON turns a request into OTLP's JSON: protobuf's, but with enumerations as numbers and ids in hexadecimal.
func otlpJSON(signal string, body []byte) ([]byte, error) {
	message, ok := map[string]proto.Message{
		"traces": &coltrace.ExportTraceServiceRequest{}, "metrics": &colmetrics.ExportMetricsServiceRequest{},
		"logs": &collogs.ExportLogsServiceRequest{},
	}[signal]
	if !ok {
		return nil, fmt.Errorf("no signal is called %q", signal)
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
	hexIDs(tree)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// hexIDs rewrites the ids of traces and spans, which are not told apart from other texts by their type but by their name.
func hexIDs(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, n := range node {
			hexIDs(n)
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
			hexIDs(value)
		}
	}
}
