package telemetry_test

import (
	"strconv"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/schematest"
)

// checkLogSchema holds log records, in OTLP's JSON, against docs/logs-otlp.schema.json.
func checkLogSchema(t *testing.T, records []otlptest.Record) {
	t.Helper()
	schema := schematest.Read(t, "../docs/logs-otlp.schema.json")
	for _, r := range records {
		if err := schema.Validate(otlpJSON(t, r)); err != nil {
			t.Errorf("%s: %v", r.EventName, err)
		}
	}
	wrong := otlpJSON(t, records[0])
	wrong["eventName"] = "spanpipe.unknown"
	if schema.Validate(wrong) == nil {
		t.Error("the schema accepts a record of no kind")
	}
}

// otlpJSON returns a record as OTLP's JSON has it.
func otlpJSON(t *testing.T, r otlptest.Record) map[string]any {
	attributes := []any{}
	for key, value := range r.Attrs {
		form := map[string]any{}
		switch v := value.(type) {
		case string:
			form["stringValue"] = v
		case bool:
			form["boolValue"] = v
		case int64:
			form["intValue"] = strconv.FormatInt(v, 10)
		case float64:
			form["doubleValue"] = v
		default:
			t.Errorf("%s of %s is %T", key, r.EventName, value)
		}
		attributes = append(attributes, map[string]any{"key": key, "value": form})
	}
	out := map[string]any{
		"timeUnixNano": strconv.FormatInt(r.Time.UnixNano(), 10), "severityNumber": float64(r.Severity), "severityText": r.SeverityText,
		"eventName": r.EventName, "body": map[string]any{"stringValue": r.Text()}, "attributes": attributes,
	}
	if r.TraceID != "" {
		out["traceId"], out["spanId"] = r.TraceID, r.SpanID
	}
	return out
}
