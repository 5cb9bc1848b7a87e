package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// previewText is an io.Writer for requests of OTLP JSON, one a call, that shows them to a person: spans as a tree and log
// records as they come, metrics at the end, since each export of them repeats the one before. Names and attributes are
// those that a collector would receive. It is safe for concurrent use: an export that the end of the session has cut off
// may still write.
type previewText struct {
	out   io.Writer
	paint view.Paint
	width int

	mu       sync.Mutex
	resource otlpAttributes // the last one shown
	metrics  []otlpMetric   // of the last export
	sent     struct{ spans, logRecords int }
}

// otlpRequest is what is shown of an export request, of any signal.
type otlpRequest struct {
	ResourceSpans []struct {
		Resource   otlpResource
		ScopeSpans []struct{ Spans []otlpSpan }
	}
	ResourceMetrics []struct {
		Resource     otlpResource
		ScopeMetrics []struct{ Metrics []otlpMetric }
	}
	ResourceLogs []struct {
		Resource  otlpResource
		ScopeLogs []struct{ LogRecords []otlpLogRecord }
	}
}

type otlpResource struct{ Attributes otlpAttributes }

type otlpSpan struct {
	SpanID, ParentSpanID               string
	Name                               string
	Kind                               int
	StartTimeUnixNano, EndTimeUnixNano int64 `json:",string"`
	Attributes                         otlpAttributes
	Events                             []struct{ Name string }
	Status                             struct{ Code int }
}

type otlpMetric struct {
	Name, Unit            string
	Histogram, Sum, Gauge struct{ DataPoints []otlpPoint }
}

type otlpPoint struct {
	Attributes otlpAttributes
	Count      json.RawMessage
	Sum        json.RawMessage
	AsInt      json.RawMessage
	AsDouble   json.RawMessage
}

type otlpLogRecord struct {
	SeverityText string
	Body         otlpValue
	Attributes   otlpAttributes
}

type otlpAttributes []struct {
	Key   string
	Value otlpValue
}

// otlpValue is a value of any type, as OTLP writes it: {"stringValue":"x"}.
type otlpValue map[string]json.RawMessage

func (v otlpValue) String() string {
	for _, raw := range v { // there is one
		return unquoted(raw)
	}
	return ""
}

// unquoted returns a JSON value as text. Strings, and large numbers, which OTLP writes as strings, lose their quotes.
func unquoted(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Write shows one request.
func (p *previewText) Write(line []byte) (int, error) {
	var r otlpRequest
	if err := json.Unmarshal(line, &r); err != nil {
		return 0, fmt.Errorf("reading OTLP JSON: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var b bytes.Buffer
	for _, of := range r.ResourceSpans {
		p.showResource(&b, of.Resource.Attributes)
		for _, scope := range of.ScopeSpans {
			p.showSpans(&b, scope.Spans)
		}
	}
	for _, of := range r.ResourceLogs {
		p.showResource(&b, of.Resource.Attributes)
		for _, scope := range of.ScopeLogs {
			p.showLogRecords(&b, scope.LogRecords)
		}
	}
	for _, of := range r.ResourceMetrics {
		p.showResource(&b, of.Resource.Attributes)
		p.metrics = nil
		for _, scope := range of.ScopeMetrics {
			p.metrics = append(p.metrics, scope.Metrics...)
		}
	}
	if b.Len() > 0 {
		_, _ = p.out.Write(b.Bytes()) // the printer drops what it cannot write, and counts it
	}
	return len(line), nil
}

// finish shows the metrics, and what would have been sent where.
func (p *previewText) finish(where []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b bytes.Buffer
	series := 0
	p.title(&b, "metrics")
	for _, m := range p.metrics {
		fmt.Fprintf(&b, "  %s (%s)\n", view.Safe(m.Name), view.Safe(m.Unit))
		for _, point := range slices.Concat(m.Histogram.DataPoints, m.Sum.DataPoints, m.Gauge.DataPoints) {
			series++
			p.showPoint(&b, point)
		}
	}
	p.title(&b, "in all")
	fmt.Fprintf(&b, "  %s, %s and %d series of metrics; nothing was sent.\n",
		view.Plural(p.sent.spans, "span"), view.Plural(p.sent.logRecords, "log record"), series)
	b.WriteString("  With SPANPIPE_TELEMETRY=otlp it goes to:\n")
	for _, line := range where {
		fmt.Fprintf(&b, "      %s\n", view.Safe(line))
	}
	b.WriteString("  As OTLP JSON: spanpipe preview --json, or --out FILE\n")
	_, _ = p.out.Write(b.Bytes()) // as above
}

func (p *previewText) title(b *bytes.Buffer, text string) {
	fmt.Fprintf(b, "%s\n", p.paint(view.Cyan, "── "+text))
}

// showResource shows what describes the sender, unless it was shown before.
func (p *previewText) showResource(b *bytes.Buffer, attributes otlpAttributes) {
	if fmt.Sprint(attributes) == fmt.Sprint(p.resource) {
		return
	}
	p.resource = attributes
	p.title(b, "resource, sent with everything")
	p.showAttributes(b, "  ", attributes)
}

// showSpans shows the spans of one request as a tree. The parent of one may have been in another request, or be the client's:
// such a span stands one step in, where most would stand below their parent, however spans are shared out among requests.
func (p *previewText) showSpans(b *bytes.Buffer, spans []otlpSpan) {
	const step = "  "
	p.sent.spans += len(spans)
	p.title(b, "spans")
	slices.SortStableFunc(spans, func(a, b otlpSpan) int {
		return cmp.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano)
	})
	known, children := map[string]bool{}, map[string][]otlpSpan{}
	for _, s := range spans {
		known[s.SpanID] = true
		children[s.ParentSpanID] = append(children[s.ParentSpanID], s)
	}
	var show func(indent string, s otlpSpan)
	show = func(indent string, s otlpSpan) {
		p.showSpan(b, indent, s)
		for _, child := range children[s.SpanID] {
			show(indent+step, child)
		}
	}
	for _, s := range spans {
		switch {
		case s.ParentSpanID == "":
			show(step, s)
		case !known[s.ParentSpanID]:
			show(step+step, s)
		}
	}
}

func (p *previewText) showSpan(b *bytes.Buffer, indent string, s otlpSpan) {
	kind := map[int]string{1: "internal", 2: "server", 3: "client"}[s.Kind]
	failed := ""
	if s.Status.Code == 2 {
		failed = "  " + p.paint(view.Red, "error")
	}
	took := view.Duration(time.Duration(s.EndTimeUnixNano - s.StartTimeUnixNano))
	fmt.Fprintf(b, "%s%s  %s%s\n", indent, view.Safe(s.Name), p.paint(view.Dim, took+" "+kind), failed)
	p.showAttributes(b, indent+"    ", s.Attributes)
	for _, e := range s.Events {
		p.row(b, indent+"    ", "event", e.Name)
	}
}

func (p *previewText) showLogRecords(b *bytes.Buffer, records []otlpLogRecord) {
	p.sent.logRecords += len(records)
	p.title(b, "log records")
	for _, r := range records {
		fmt.Fprintf(b, "  %s %s\n", view.Safe(r.SeverityText), view.Safe(r.Body.String()))
		p.showAttributes(b, "      ", r.Attributes)
	}
}

func (p *previewText) showPoint(b *bytes.Buffer, point otlpPoint) {
	value := unquoted(point.AsInt) + unquoted(point.AsDouble)
	if value == "" {
		sum, _ := strconv.ParseFloat(unquoted(point.Sum), 64) // a number, by protobuf
		value = fmt.Sprintf("count=%s sum=%.4g", unquoted(point.Count), sum)
	}
	line := "      " + value
	for _, a := range point.Attributes {
		word := view.Safe(a.Key + "=" + a.Value.String())
		if len([]rune(line))+len([]rune(word)) >= p.width {
			b.WriteString(line + "\n")
			line = "         "
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

func (p *previewText) showAttributes(b *bytes.Buffer, indent string, attributes otlpAttributes) {
	for _, a := range attributes {
		p.row(b, indent, a.Key, a.Value.String())
	}
}

// row shows a name and its value, cut to the width of the terminal.
func (p *previewText) row(b *bytes.Buffer, indent, key, value string) {
	const keyWidth = 34
	head := indent + view.Safe(key)
	head += strings.Repeat(" ", max(keyWidth+len(indent)-len([]rune(head)), 1))
	shown := []rune(view.Safe(value))
	if room := max(p.width-len([]rune(head)), 20); len(shown) > room {
		shown = append(shown[:room-1], '…')
	}
	fmt.Fprintf(b, "%s%s\n", p.paint(view.Dim, head), string(shown))
}
