package otel

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// metrics records measurements. A new metric is a row in semconv and the line here that records it.
type metrics struct {
	*instruments
	tools, prompts, versions, codes, templates, schemes names

	session   record.Session // the latest
	started   bool           // the start of the server's process has been timed
	handshake bool           // likewise the first answered handshake
	listed    bool           // and the first answered list of tools
	lastTool  string         // the client's last call
}

func newMetrics(x *instruments) *metrics {
	return &metrics{
		instruments: x,
		tools:       newNames(maxTargets), prompts: newNames(maxTargets), versions: newNames(maxVersions),
		codes: newNames(maxCodes), templates: newNames(maxTemplates), schemes: newNames(maxSchemes),
	}
}

func (m *metrics) sessionChanged(s record.Session) {
	m.session = s
	if !m.started && !s.Started.IsZero() {
		m.started = true
		m.observe(semconv.StartupDuration, s.Started.Sub(s.Launched).Seconds(), m.of(label{semconv.Phase, "process"}))
	}
}

func (m *metrics) message(n record.Message) {
	m.observe(semconv.MessageSize, float64(n.Size), m.of(
		label{semconv.Direction, string(n.Direction)}, label{semconv.Kind, string(n.Kind)},
		label{semconv.MethodName, methodLabel(n.Method)}))
}

// opened counts an operation as active and returns the series that it is counted under.
func (m *metrics) opened(op *record.Operation) *series {
	active := m.of(m.about(op))
	m.count(semconv.OperationActive, 1, active)
	return active
}

// ended measures an operation that has ended. Active is the series that counted it while it was open. It may differ
// from the present one: a list of tools that arrived in between changes labels.
func (m *metrics) ended(op *record.Operation, active *series) {
	m.count(semconv.OperationActive, -1, active)
	method, tool := m.about(op)
	m.duration(op, method, tool)
	about := m.of(method, tool)
	m.observe(semconv.OperationRequestSize, float64(op.RequestSize), about)
	if op.Class != "" {
		m.count(semconv.OperationErrors, 1, m.of(method, tool, label{semconv.ErrorClass, string(op.Class)}))
	}
	if op.Answered {
		m.observe(semconv.OperationResponseSize, float64(op.ResponseSize), about)
		if op.RoundTrips == 1 {
			m.observe(semconv.OperationWait, op.Wait.Seconds(), about)
			m.observe(semconv.OperationTransfer, op.Transfer.Seconds(), about)
		}
		m.startup(op)
		m.read(op)
	}
	if op.Method == semconv.ToolsCall && op.Direction == record.ToServer {
		m.transition(tool.value)
	}
	m.listTools(op)
}

// about returns the labels that identify what an operation is about.
func (m *metrics) about(op *record.Operation) (method, tool label) {
	method, tool = label{semconv.MethodName, methodLabel(op.Method)}, label{key: semconv.ToolName}
	if op.Method == semconv.ToolsCall {
		tool.value = m.tools.label(op.Target)
	}
	return method, tool
}

// duration records how long an operation took, with the attributes that OpenTelemetry's conventions ask for.
func (m *metrics) duration(op *record.Operation, method, tool label) {
	instrument := semconv.ServerOperationDuration
	if op.Direction == record.ToClient {
		instrument = semconv.ClientOperationDuration
	}
	var prompt, kind string
	switch op.Method {
	case semconv.ToolsCall:
		kind = semconv.ExecuteTool
	case semconv.PromptsGet, semconv.Complete:
		prompt = m.prompts.label(op.Target)
	}
	code := m.codes.label(op.Code)
	errorType := op.ErrorType
	if errorType == op.Code {
		errorType = code // bounded like the code
	}
	m.observe(instrument, op.Duration.Seconds(), m.of(method, tool,
		label{semconv.PromptName, prompt}, label{semconv.OperationName, kind},
		label{semconv.ErrorType, errorType}, label{semconv.StatusCode, code},
		label{semconv.ProtocolVersion, m.versions.label(op.Protocol)},
		label{semconv.NetworkTransport, semconv.TransportPipe}))
}

// startup times the first answered handshake and the first answered list of tools, from the start of the process.
func (m *metrics) startup(op *record.Operation) {
	phase := ""
	switch {
	case !m.handshake && (op.Method == semconv.Initialize || op.Method == semconv.Discover):
		phase, m.handshake = "handshake", true
	case !m.listed && op.Method == semconv.ToolsList:
		phase, m.listed = "tools", true
	default:
		return
	}
	m.observe(semconv.StartupDuration, op.End.Sub(m.session.Started).Seconds(), m.of(label{semconv.Phase, phase}))
}

// read counts an answered read of a resource.
func (m *metrics) read(op *record.Operation) {
	if op.Method != semconv.ResourcesRead {
		return
	}
	kinds := &m.schemes
	if strings.Contains(op.Resource, "{") {
		kinds = &m.templates
	}
	s := m.of(label{semconv.Resource, kinds.label(op.Resource)})
	m.count(semconv.ResourceReads, 1, s)
	m.observe(semconv.ResourceSize, float64(op.ResponseSize), s)
}

// transition counts the calls of one tool after another.
func (m *metrics) transition(tool string) {
	if m.lastTool != "" {
		m.count(semconv.ToolTransitions, 1, m.of(label{semconv.FromTool, m.lastTool}, label{semconv.ToTool, tool}))
	}
	m.lastTool = tool
}

// listTools records the answer to tools/list.
func (m *metrics) listTools(op *record.Operation) {
	if op.Tools == nil && op.DefinitionSize == 0 {
		return
	}
	m.tools.list(op.Tools)
	m.set(semconv.ToolsDefinitionSize, op.DefinitionSize)
	m.set(semconv.ToolsListed, int64(op.ToolCount))
}

func (m *metrics) violation(v record.Violation) {
	m.count(semconv.ProtocolViolations, 1, m.of(
		label{semconv.Violation, string(v.Kind)}, label{semconv.Direction, string(v.Direction)}))
}

func (m *metrics) finding(f record.Finding) {
	m.count(semconv.Anomalies, 1, m.of(
		label{semconv.Anomaly, string(f.Kind)}, label{semconv.ToolName, m.tools.label(f.Tool)}))
}

// exit records the end of the session and of the server's process.
func (m *metrics) exit(e record.Exit) {
	fault := ""
	if e.EndedBy == record.ByServer {
		fault = semconv.ErrServerExit
	}
	m.observe(semconv.ServerSessionDuration, e.Lifetime.Seconds(), m.of(
		label{semconv.ClientName, m.session.Client.Name}, label{semconv.ClientVersion, m.session.Client.Version},
		label{semconv.ServerName, m.session.Server.Name}, label{semconv.ServerVersion, m.session.Server.Version},
		label{semconv.NetworkTransport, semconv.TransportPipe},
		label{semconv.ProtocolVersion, m.versions.label(m.session.Protocol)}, label{semconv.ErrorType, fault}))

	how := []attribute.KeyValue{attribute.Bool(semconv.InFlight, e.Open > 0)}
	switch {
	case e.Signal != "":
		how = append(how, attribute.String(semconv.Exit, "signal"), attribute.String(semconv.Signal, e.Signal))
	case e.Code != 0:
		how = append(how, attribute.String(semconv.Exit, "code"), attribute.String(semconv.ExitCode, strconv.Itoa(e.Code)))
	default:
		how = append(how, attribute.String(semconv.Exit, "ok"), attribute.String(semconv.ExitCode, "0"))
	}
	m.count(semconv.ServerExits, 1, newSeries(how...))
}

// methodLabel bounds a method's name: one of MCP's, or _OTHER.
func methodLabel(name string) string {
	if name == "" || semconv.KnownMethod(name) {
		return name
	}
	return semconv.Other
}
