package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// instruments records metrics.
type instruments struct {
	server, client metric.Float64Histogram // operation durations
	session        metric.Float64Histogram
	started        time.Duration
	peers          *peers
	tools, prompts names
	known          map[series]metric.MeasurementOption
}

// series is what tells one time series of an operation from another. Everything in it is bounded.
type series struct {
	method, tool, prompt, errorType, code, protocol string
}

func newInstruments(e *exports, started time.Duration, p *peers) *instruments {
	seconds := func(name, description string) metric.Float64Histogram {
		h, _ := e.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), // only a malformed name is an error
			metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...))
		return h
	}
	i := &instruments{started: started, peers: p, known: map[series]metric.MeasurementOption{}}
	i.server = seconds(semconv.ServerOperationDuration,
		"Time from the last byte of a client's request to the last byte of the server's answer, less the time in which the server waited for the user.")
	i.client = seconds(semconv.ClientOperationDuration,
		"Time from the last byte of a server's request to the last byte of the client's answer.")
	i.session = seconds(semconv.ServerSessionDuration, "Time from the start of the server's process to its end.")
	e.lost.observe(e.meter)
	return i
}

// finished records an operation.
func (i *instruments) finished(op *session.Operation) {
	h := i.server
	if op.Dir == session.ToClient {
		h = i.client
	}
	h.Record(context.Background(), op.Duration().Seconds(), i.option(op))
}

// option returns the operation's attributes, made once for each series.
func (i *instruments) option(op *session.Operation) metric.MeasurementOption {
	s := series{method: op.Method, errorType: op.ErrorType, code: op.Code, protocol: op.Protocol}
	if !semconv.KnownMethod(s.method) {
		s.method = semconv.Other
	}
	switch op.Method {
	case semconv.ToolsCall:
		s.tool = i.tools.label(op.Target)
	case semconv.PromptsGet, semconv.Complete:
		s.prompt = i.prompts.label(op.Target)
	}
	option, ok := i.known[s]
	if !ok {
		option = metric.WithAttributeSet(s.set())
		if len(i.known) < maxSeries {
			i.known[s] = option
		}
	}
	return option
}

// maxSeries bounds the attribute sets that are kept ready. The SDK has a bound of its own for series.
const maxSeries = 2000

func (s series) set() attribute.Set {
	kv := []attribute.KeyValue{
		attribute.String(semconv.MethodName, s.method),
		attribute.String(semconv.NetworkTransport, semconv.TransportPipe),
	}
	add := func(key, value string) {
		if value != "" {
			kv = append(kv, attribute.String(key, value))
		}
	}
	add(semconv.ToolName, s.tool)
	add(semconv.PromptName, s.prompt)
	if s.method == semconv.ToolsCall {
		add(semconv.OperationName, semconv.ExecuteTool)
	}
	add(semconv.ErrorType, s.errorType)
	add(semconv.StatusCode, s.code)
	add(semconv.ProtocolVersion, s.protocol)
	return attribute.NewSet(kv...)
}

// end records the session.
func (i *instruments) end(now time.Duration, end session.End) {
	s := series{protocol: i.peers.protocol}
	kv := []attribute.KeyValue{attribute.String(semconv.NetworkTransport, semconv.TransportPipe)}
	if s.protocol != "" {
		kv = append(kv, attribute.String(semconv.ProtocolVersion, s.protocol))
	}
	if end == session.ServerLeft {
		kv = append(kv, attribute.String(semconv.ErrorType, semconv.ErrServerExit))
	}
	i.session.Record(context.Background(), (now - i.started).Seconds(), metric.WithAttributes(kv...))
}

// names bounds the names that a peer has chosen and that become attributes of metrics.
type names struct {
	seen map[string]bool
}

// maxLabels is how many tools, or prompts, of one server have series of their own.
const maxLabels = 200

// label is the name itself, or _OTHER if there are too many already.
func (n *names) label(name string) string {
	if name == "" || n.seen[name] {
		return name
	}
	if len(n.seen) >= maxLabels {
		return semconv.Other
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	n.seen[name] = true
	return name
}
