package otlptest

import (
	"fmt"
	"time"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// decoded is the content of one request.
type decoded struct {
	spanCount, callCount int64 // of all spans, and of those of kind server

	spans   []Span
	points  []Point
	records []Record
}

// Origin is the resource and the scope of a piece of telemetry.
type Origin struct {
	Resource     Attrs
	Scope        string // the instrumentation scope's name
	ScopeVersion string
	ScopeAttrs   Attrs
	SchemaURL    string // of the scope, else of the resource
}

func originOf(res *resource.Resource, resourceURL string, scope *common.InstrumentationScope, scopeURL string) Origin {
	origin := Origin{
		Resource:     attrs(res.GetAttributes()),
		Scope:        scope.GetName(),
		ScopeVersion: scope.GetVersion(),
		ScopeAttrs:   attrs(scope.GetAttributes()),
		SchemaURL:    scopeURL,
	}
	if scopeURL == "" {
		origin.SchemaURL = resourceURL
	}
	return origin
}

// Service returns the resource's service.name.
func (o Origin) Service() string { return o.Resource.String("service.name") }

// decode decodes a message. With countOnly, spans are counted and log records are skipped.
func decode(signal Signal, body []byte, countOnly bool) (decoded, error) {
	switch signal {
	case Traces:
		return decodeTraces(body, countOnly)
	case Metrics:
		return decodeMetrics(body)
	case Logs:
		if countOnly {
			return decoded{}, nil
		}
		return decodeLogs(body)
	default:
		return decoded{}, fmt.Errorf("unknown signal %q", signal)
	}
}

func decodeTraces(body []byte, countOnly bool) (decoded, error) {
	var request collectortrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return decoded{}, err
	}
	var out decoded
	for _, rs := range request.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			out.spanCount += int64(len(ss.GetSpans()))
			for _, span := range ss.GetSpans() {
				if span.GetKind() == trace.Span_SPAN_KIND_SERVER {
					out.callCount++
				}
			}
			if countOnly {
				continue
			}
			origin := originOf(rs.GetResource(), rs.GetSchemaUrl(), ss.GetScope(), ss.GetSchemaUrl())
			for _, span := range ss.GetSpans() {
				out.spans = append(out.spans, newSpan(span, origin))
			}
		}
	}
	return out, nil
}

func decodeMetrics(body []byte) (decoded, error) {
	var request collectormetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return decoded{}, err
	}
	var out decoded
	for _, rm := range request.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			origin := originOf(rm.GetResource(), rm.GetSchemaUrl(), sm.GetScope(), sm.GetSchemaUrl())
			for _, metric := range sm.GetMetrics() {
				out.points = append(out.points, newPoints(metric, origin)...)
			}
		}
	}
	return out, nil
}

func decodeLogs(body []byte) (decoded, error) {
	var request collectorlogs.ExportLogsServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return decoded{}, err
	}
	var out decoded
	for _, rl := range request.GetResourceLogs() {
		for _, sl := range rl.GetScopeLogs() {
			origin := originOf(rl.GetResource(), rl.GetSchemaUrl(), sl.GetScope(), sl.GetSchemaUrl())
			for _, record := range sl.GetLogRecords() {
				out.records = append(out.records, newRecord(record, origin))
			}
		}
	}
	return out, nil
}

// response returns the response to an accepted request: empty, or a partial success.
func response(signal Signal, fault Fault) []byte {
	var message proto.Message
	if fault.kind == partial {
		switch signal {
		case Traces:
			message = &collectortrace.ExportTraceServiceResponse{PartialSuccess: &collectortrace.ExportTracePartialSuccess{
				RejectedSpans: fault.rejected, ErrorMessage: fault.message,
			}}
		case Metrics:
			message = &collectormetrics.ExportMetricsServiceResponse{
				PartialSuccess: &collectormetrics.ExportMetricsPartialSuccess{
					RejectedDataPoints: fault.rejected, ErrorMessage: fault.message,
				},
			}
		case Logs:
			message = &collectorlogs.ExportLogsServiceResponse{PartialSuccess: &collectorlogs.ExportLogsPartialSuccess{
				RejectedLogRecords: fault.rejected, ErrorMessage: fault.message,
			}}
		}
	}
	if message == nil {
		return nil // the wire form of a response without fields
	}
	body, err := proto.Marshal(message)
	if err != nil {
		panic(fmt.Sprintf("otlptest: encoding a response of two plain fields: %v", err))
	}
	return body
}

func timeOf(nanoseconds uint64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(nanoseconds)).UTC() // until the year 2262
}
