package otlptest

import (
	"encoding/hex"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
)

// Record is a log record as it was exported.
type Record struct {
	Origin
	Time         time.Time
	Observed     time.Time
	Severity     int    // 1 (trace) to 24 (fatal); 9 is info, 13 warn, 17 error
	SeverityText string // as the source wrote it
	EventName    string
	Body         any // of a type that Attrs lists
	Attrs        Attrs
	Dropped      uint32
	TraceID      string // hexadecimal, empty outside a span
	SpanID       string
}

// Text returns the record's body if it is a string, else "".
func (r Record) Text() string {
	text, _ := r.Body.(string)
	return text
}

func newRecord(record *logs.LogRecord, origin Origin) Record {
	return Record{
		Origin:       origin,
		Time:         timeOf(record.GetTimeUnixNano()),
		Observed:     timeOf(record.GetObservedTimeUnixNano()),
		Severity:     int(record.GetSeverityNumber()),
		SeverityText: record.GetSeverityText(),
		EventName:    record.GetEventName(),
		Body:         value(record.GetBody()),
		Attrs:        attrs(record.GetAttributes()),
		Dropped:      record.GetDroppedAttributesCount(),
		TraceID:      hex.EncodeToString(record.GetTraceId()),
		SpanID:       hex.EncodeToString(record.GetSpanId()),
	}
}

// Records returns every accepted log record in order of arrival.
func (r *Receiver) Records() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Record(nil), r.records...)
}
