package telemetry

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// metricsRecorder records metrics. It belongs to the consumer's goroutine, but for what its mutex guards.
type metricsRecorder struct {
	instruments
	series         series
	tools, prompts names
	versions       names // of the protocol
	codes          names // of errors
	resources      *resources
	peers          *peers
	started        time.Duration // the server's process
	handshake      bool          // has been timed
	toolsTimed     bool
	lastTool       string
	open           int

	mu       sync.Mutex // guards what the callback of spanpipe.session.active tells
	told     peers      // the names as they are known
	exported peers      // and as they were at the last export
	formerly []peers    // at those before
	ever     bool       // there has been an export
	running  bool
}

// mostNames bounds the names under which a session is exported: a peer may tell another one with each message.
const mostNames = 8

func newMetrics(e *exports, started time.Duration, p *peers, r *resources) *metricsRecorder {
	m := &metricsRecorder{instruments: newInstruments(e.meter), series: series{}, peers: p, resources: r, started: started, running: true}
	m.tools.most, m.prompts.most, m.versions.most, m.codes.most = mostTargets, mostTargets, mostVersions, mostCodes
	m.startup.Record(context.Background(), started.Seconds(), with(attribute.String(semconv.Phase, "process")))
	m.observeSession(e.meter)
	e.lost.observe(e.meter)
	return m
}

// observeSession makes the gauge of running sessions. It is asked for at each export, so that it carries the names that
// are known by then.
func (m *metricsRecorder) observeSession(meter metric.Meter) {
	i := semconv.SessionActive
	_, _ = meter.Int64ObservableUpDownCounter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.renameLocked()
			for i := range m.formerly {
				o.Observe(0, with(m.formerly[i].attributes()...))
			}
			n := int64(0)
			if m.running {
				n = 1
			}
			o.Observe(n, with(m.exported.attributes()...))
			return nil
		}))
}

// renameLocked takes the names that are known now. A session that was exported under others, before its handshake as a rule,
// is told to be 0 under those from then on: whoever has stored it there would go on counting it.
func (m *metricsRecorder) renameLocked() {
	if !m.ever {
		m.ever, m.exported = true, m.told
	}
	if m.told == m.exported || len(m.formerly) == mostNames {
		return
	}
	m.formerly = append(m.formerly, m.exported)
	m.exported = m.told
	m.formerly = slices.DeleteFunc(m.formerly, func(p peers) bool { return p == m.exported })
}

func (p *peers) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String(semconv.ClientName, p.clientName), attribute.String(semconv.ClientVersion, p.clientVersion),
		attribute.String(semconv.ServerName, p.serverName), attribute.String(semconv.ServerVersion, p.serverVersion),
	}
}

// message records every message, once the tracker has seen it and set the method that an answer belongs to.
func (m *metricsRecorder) message(msg *session.Message) {
	m.messageSize.Record(context.Background(), msg.Size, m.series.of(labels{
		direction: msg.Dir.String(), kind: kind(msg.Kind), method: method(msg.Method),
	}).record...)
	if x := msg.Extra; x != nil {
		if x.Tools != nil || x.DefinitionSize > 0 {
			m.listedTools(x)
		}
		if x.PeerName != "" {
			m.mu.Lock()
			m.told = *m.peers
			m.mu.Unlock()
		}
	}
}

func (m *metricsRecorder) listedTools(x *session.Extra) {
	m.tools.list(x.Tools)
	m.definitionSize.Record(context.Background(), x.DefinitionSize)
	m.listed.Record(context.Background(), int64(x.Listed))
}

func kind(k framing.Kind) string {
	switch k {
	case framing.Request:
		return "request"
	case framing.Notification:
		return "notification"
	case framing.Response:
		return "response"
	case framing.ErrorResponse:
		return "error"
	}
	return "other"
}

// method bounds a method's name: MCP's own, or _OTHER.
func method(name string) string {
	if name == "" || semconv.KnownMethod(name) {
		return name
	}
	return semconv.Other
}

func (m *metricsRecorder) opened(op *session.Operation) {
	m.open++
	target := m.series.of(m.target(op))
	of(op).target = target
	m.active.Add(context.Background(), 1, target.add...)
}

// target is the labels that tell what an operation is about.
func (m *metricsRecorder) target(op *session.Operation) labels {
	l := labels{method: method(op.Method)}
	if op.Method == semconv.ToolsCall {
		l.tool = m.tools.label(op.Target)
	}
	return l
}

// finished records an operation.
func (m *metricsRecorder) finished(op *session.Operation) {
	ctx := context.Background()
	m.open--
	about := m.target(op)
	series := m.series.of(about)
	m.active.Add(ctx, -1, of(op).target.add...) // as it was counted: a list of tools may have changed the names in between

	duration := m.serverDuration
	if op.Dir == session.ToClient {
		duration = m.clientDuration
	}
	full := about
	full.conventional = true
	full.code, full.protocol = m.codes.label(op.Code), m.versions.label(op.Protocol)
	if full.errorType = op.ErrorType; op.ErrorType == op.Code {
		full.errorType = full.code
	}
	if op.Method == semconv.PromptsGet || op.Method == semconv.Complete {
		full.prompt = m.prompts.label(op.Target)
	}
	duration.Record(ctx, op.Duration().Seconds(), m.series.of(full).record...)

	m.requestSize.Record(ctx, op.RequestSize, series.record...)
	if op.Answered {
		m.responseSize.Record(ctx, op.ResponseSize, series.record...)
		if op.RoundTrips == 1 {
			m.wait.Record(ctx, (op.FirstByte - op.Start).Seconds(), series.record...)
			m.transfer.Record(ctx, max(op.End-op.FirstByte, 0).Seconds(), series.record...)
		}
		m.startupPhases(op)
	}
	if op.Class != "" {
		failed := about
		failed.class = string(op.Class)
		m.errors.Add(ctx, 1, m.series.of(failed).add...)
	}
	if op.Method == semconv.ResourcesRead && op.Answered && op.Request != nil {
		o := m.series.of(labels{resource: m.resources.label(op.Request.URI)})
		m.reads.Add(ctx, 1, o.add...)
		m.resourceSize.Record(ctx, op.ResponseSize, o.record...)
	}
	if op.Method == semconv.ToolsCall && op.Dir == session.ToServer {
		if m.lastTool != "" {
			m.transitions.Add(ctx, 1, m.series.of(labels{from: m.lastTool, to: about.tool}).add...)
		}
		m.lastTool = about.tool
	}
}

// startupPhases times the first handshake and the first list of tools, from the start of the process.
func (m *metricsRecorder) startupPhases(op *session.Operation) {
	var phase string
	switch {
	case !m.handshake && (op.Method == semconv.Initialize || op.Method == semconv.Discover):
		phase, m.handshake = "handshake", true
	case !m.toolsTimed && op.Method == semconv.ToolsList:
		phase, m.toolsTimed = "tools", true
	default:
		return
	}
	m.startup.Record(context.Background(), (op.End - m.started).Seconds(), with(attribute.String(semconv.Phase, phase)))
}

func (m *metricsRecorder) violated(n *session.Note) {
	m.violations.Add(context.Background(), 1, m.series.of(labels{
		violation: string(n.Violation), direction: n.Message.Dir.String(),
	}).add...)
}

func (m *metricsRecorder) found(f *anomaly.Finding) {
	m.anomalies.Add(context.Background(), 1, with(
		attribute.String(semconv.Anomaly, string(f.Kind)), attribute.String(semconv.ToolName, m.tools.label(f.Tool))))
}

// Exit is how the server's process ended.
type Exit struct {
	Session session.End
	Code    int    // its exit code, if no signal killed it
	Signal  string // the name of the signal that did, such as SIGKILL

	// UserTime and SystemTime are the CPU time of the server and of the descendants that it waited for.
	UserTime, SystemTime time.Duration
}

// end records the session, with the calls that were waiting when the server ended.
func (m *metricsRecorder) end(now time.Duration, exit Exit, waiting int) {
	ctx := context.Background()
	kv := append(m.peers.attributes(),
		attribute.String(semconv.NetworkTransport, semconv.TransportPipe), attribute.String(semconv.ProtocolVersion, m.versions.label(m.peers.protocol)))
	if exit.Session == session.ServerLeft {
		kv = append(kv, attribute.String(semconv.ErrorType, semconv.ErrServerExit))
	}
	m.sessionDuration.Record(ctx, (now - m.started).Seconds(), with(kv...))

	reason, code := "ok", strconv.Itoa(exit.Code)
	switch {
	case exit.Signal != "":
		reason, code = "signal", ""
	case exit.Code != 0:
		reason = "code"
	}
	m.exits.Add(ctx, 1, with(attribute.String(semconv.Exit, reason), attribute.String(semconv.ExitCode, code),
		attribute.String(semconv.Signal, exit.Signal), attribute.Bool(semconv.InFlight, waiting > 0)))
	m.mu.Lock()
	m.running = false
	m.mu.Unlock()
}
