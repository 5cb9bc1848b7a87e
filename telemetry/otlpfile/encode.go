package otlpfile

import "go.opentelemetry.io/otel/codes"

// Traces returns what stands before and after the spans of a line. Between spans stands a comma.
func Traces(o *Origin) (before, after []byte) { return o.line("resourceSpans", "scopeSpans", "spans") }

// Logs returns what stands before and after the log records of a line. Between records stands a comma.
func Logs(o *Origin) (before, after []byte) { return o.line("resourceLogs", "scopeLogs", "logRecords") }

func (o *Origin) line(resources, scopes, items string) (before, after []byte) {
	e := encoder(nil)
	e.raw(`{"`, resources, `":[{"resource":{`)
	e.attributes(o.Resource)
	e.raw(`},"`, scopes, `":[{"scope":{"name":`)
	e.text(o.ScopeName)
	if o.ScopeVersion != "" {
		e.raw(`,"version":`)
		e.text(o.ScopeVersion)
	}
	e.raw(`},"`, items, `":[`)
	end := encoder(nil)
	end.raw(`]}]`)
	if o.ResourceURL != "" {
		end.raw(`,"schemaUrl":`)
		end.text(o.ResourceURL)
	}
	end.raw("}]}\n")
	return e, end
}

// AppendSpan appends a span as a JSON object.
func AppendSpan(dst []byte, s *Span) []byte {
	e := encoder(dst)
	e.raw(`{"traceId":`)
	e.id(s.TraceID[:])
	e.raw(`,"spanId":`)
	e.id(s.SpanID[:])
	e.optional(`,"traceState":`, s.TraceState)
	if s.ParentID.IsValid() {
		e.raw(`,"parentSpanId":`)
		e.id(s.ParentID[:])
	}
	e.flags(s.Flags)
	e.optional(`,"name":`, s.Name)
	e.number(`,"kind":`, int64(s.Kind)) // OTLP's numbers are OpenTelemetry's
	e.time(`,"startTimeUnixNano":`, s.Start)
	e.time(`,"endTimeUnixNano":`, s.End)
	if len(s.Attributes) > 0 {
		e.raw(`,`)
		e.attributes(s.Attributes)
	}
	e.events(s.Events)
	e.links(s.Links)
	e.status(s.Status, s.Message)
	e.raw(`}`)
	return e
}

// AppendLogRecord appends a log record as a JSON object.
func AppendLogRecord(dst []byte, r *LogRecord) []byte {
	e := encoder(dst)
	start := len(e)
	e.time(`,"timeUnixNano":`, r.Time)
	e.number(`,"severityNumber":`, int64(r.Severity))
	e.optional(`,"severityText":`, r.SeverityText)
	e.optional(`,"eventName":`, r.EventName)
	e.raw(`,"body":{"stringValue":`)
	e.text(r.Body)
	e.raw(`}`)
	if len(r.Attributes) > 0 {
		e.raw(`,`)
		e.attributes(r.Attributes)
	}
	e.flags(r.Flags)
	if r.TraceID.IsValid() {
		e.raw(`,"traceId":`)
		e.id(r.TraceID[:])
		e.raw(`,"spanId":`)
		e.id(r.SpanID[:])
	}
	e.raw(`}`)
	e[start] = '{' // in place of the first comma
	return e
}

func (e *encoder) events(all []Event) {
	if len(all) == 0 {
		return
	}
	e.raw(`,"events":[`)
	for i, event := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{`)
		start := len(*e)
		e.time(`,"timeUnixNano":`, event.Time)
		e.optional(`,"name":`, event.Name)
		e.endOf(start)
	}
	e.raw(`]`)
}

func (e *encoder) links(all []Link) {
	if len(all) == 0 {
		return
	}
	e.raw(`,"links":[`)
	for i, link := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{"traceId":`)
		e.id(link.TraceID[:])
		e.raw(`,"spanId":`)
		e.id(link.SpanID[:])
		e.flags(link.Flags)
		e.raw(`}`)
	}
	e.raw(`]`)
}

// status appends how a span went: OTLP's numbers of the codes are not OpenTelemetry's.
func (e *encoder) status(code codes.Code, message string) {
	e.raw(`,"status":{`)
	start := len(*e)
	e.optional(`,"message":`, message)
	switch code {
	case codes.Ok:
		e.raw(`,"code":1`)
	case codes.Error:
		e.raw(`,"code":2`)
	}
	e.endOf(start)
}
