package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// instruments holds the synchronous ones, each made from its description in semconv.
type instruments struct {
	serverDuration, clientDuration, sessionDuration metric.Float64Histogram
	wait, transfer, startup                         metric.Float64Histogram
	messageSize, requestSize, responseSize          metric.Int64Histogram
	resourceSize                                    metric.Int64Histogram
	active                                          metric.Int64UpDownCounter
	errors, reads, transitions, anomalies           metric.Int64Counter
	exits, violations                               metric.Int64Counter
	definitionSize, listed                          metric.Int64Gauge
}

func newInstruments(m metric.Meter) instruments {
	return instruments{
		serverDuration:  seconds(m, semconv.ServerOperationDuration),
		clientDuration:  seconds(m, semconv.ClientOperationDuration),
		sessionDuration: seconds(m, semconv.ServerSessionDuration),
		wait:            seconds(m, semconv.OperationWait),
		transfer:        seconds(m, semconv.OperationTransfer),
		startup:         seconds(m, semconv.StartupDuration),
		messageSize:     sizes(m, semconv.MessageSize),
		requestSize:     sizes(m, semconv.OperationRequestSize),
		responseSize:    sizes(m, semconv.OperationResponseSize),
		resourceSize:    sizes(m, semconv.ResourceSize),
		active:          upDown(m, semconv.OperationActive),
		errors:          counter(m, semconv.OperationErrors),
		reads:           counter(m, semconv.ResourceReads),
		transitions:     counter(m, semconv.ToolTransitions),
		anomalies:       counter(m, semconv.Anomalies),
		exits:           counter(m, semconv.ServerExits),
		violations:      counter(m, semconv.ProtocolViolations),
		definitionSize:  gauge(m, semconv.ToolsDefinitionSize),
		listed:          gauge(m, semconv.ToolsListed),
	}
}

// The SDK's only error here is a malformed name. Names are constants, and a test makes every instrument.

func seconds(m metric.Meter, i semconv.Instrument) metric.Float64Histogram {
	h, _ := m.Float64Histogram(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description),
		metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...))
	return h
}

func sizes(m metric.Meter, i semconv.Instrument) metric.Int64Histogram {
	h, _ := m.Int64Histogram(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description),
		metric.WithExplicitBucketBoundaries(semconv.SizeBuckets()...))
	return h
}

func counter(m metric.Meter, i semconv.Instrument) metric.Int64Counter {
	c, _ := m.Int64Counter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	return c
}

func upDown(m metric.Meter, i semconv.Instrument) metric.Int64UpDownCounter {
	c, _ := m.Int64UpDownCounter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	return c
}

func gauge(m metric.Meter, i semconv.Instrument) metric.Int64Gauge {
	g, _ := m.Int64Gauge(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	return g
}

// labels is one time series: values for the attributes that metrics have. Empty values are absent.
type labels struct {
	method, tool, prompt, errorType, code, protocol, class string
	direction, kind                                        string
	from, to                                               string
	resource, violation                                    string
	conventional                                           bool // the attributes that OpenTelemetry asks of an operation's duration
}

// series remembers the attribute sets of the series that are in use, since making one costs more than recording with it.
type series map[labels]*measurement

// measurement is the attributes of one series, in the form in which instruments take them. Measuring with it allocates nothing.
type measurement struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// maxSeries bounds what is remembered. The SDK has a bound of its own for what is exported.
const maxSeries = 2000

func (s series) of(l labels) *measurement {
	if m, ok := s[l]; ok {
		return m
	}
	o := metric.WithAttributeSet(l.set())
	m := &measurement{[]metric.AddOption{o}, []metric.RecordOption{o}}
	if len(s) < maxSeries {
		s[l] = m
	}
	return m
}

func (l labels) set() attribute.Set {
	kv := make([]attribute.KeyValue, 0, 8)
	for _, a := range [...]struct{ key, value string }{
		{semconv.MethodName, l.method}, {semconv.ToolName, l.tool}, {semconv.PromptName, l.prompt},
		{semconv.ErrorType, l.errorType}, {semconv.StatusCode, l.code}, {semconv.ProtocolVersion, l.protocol},
		{semconv.ErrorClass, l.class}, {semconv.Direction, l.direction}, {semconv.Kind, l.kind},
		{semconv.FromTool, l.from}, {semconv.ToTool, l.to}, {semconv.Resource, l.resource},
		{semconv.Violation, l.violation},
	} {
		if a.value != "" {
			kv = append(kv, attribute.String(a.key, a.value))
		}
	}
	if l.conventional {
		kv = append(kv, attribute.String(semconv.NetworkTransport, semconv.TransportPipe))
		if l.method == semconv.ToolsCall {
			kv = append(kv, attribute.String(semconv.OperationName, semconv.ExecuteTool))
		}
	}
	return attribute.NewSet(kv...)
}

// with is the option for one more attribute set that is not worth remembering.
func with(kv ...attribute.KeyValue) metric.MeasurementOption {
	set := make([]attribute.KeyValue, 0, len(kv))
	for _, a := range kv {
		if a.Value.Type() != attribute.STRING || a.Value.AsString() != "" {
			set = append(set, a)
		}
	}
	return metric.WithAttributeSet(attribute.NewSet(set...))
}

// names bounds the names, versions and codes that a peer has chosen and that become attributes of metrics: those that the server has
// listed, and until it has, the first few that come.
type names struct {
	most   int // names that have series of their own
	known  map[string]bool
	listed bool
}

const (
	// mostTargets bounds the tools, and the prompts, of one server.
	mostTargets = 200
	// mostSchemes bounds the schemes of URIs for which there is no template.
	mostSchemes = 20
	// mostCodes bounds the error codes of a server, which may have as many as it likes.
	mostCodes = 30
	// mostVersions bounds the protocol versions of one session, in which more than two would be strange.
	mostVersions = 5
)

// list takes names that the server has told.
func (n *names) list(all []string) {
	if len(all) == 0 {
		return
	}
	n.listed = true
	for _, name := range all {
		n.add(name)
	}
}

func (n *names) add(name string) bool {
	if n.known[name] {
		return true
	}
	if len(n.known) >= n.most {
		return false
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	n.known[name] = true
	return true
}

// label is the name itself, or _OTHER where it is not to have series of its own.
func (n *names) label(name string) string {
	if name == "" || n.known[name] || !n.listed && n.add(name) {
		return name
	}
	return semconv.Other
}
