package otel

import (
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// metrics records measurements. A new metric is a row in semconv and the line here that records it.
//
// Attributes of metrics are fewer than those of spans: a backend keeps a series for each combination of their values.
// So whatever a peer chooses freely is bounded by names, or, for methods, by the list of MCP's.
type metrics struct {
	*instruments
	tools, prompts, versions, codes, templates, schemes names

	clients  names // of operations
	byClient bool  // operations have them

	session   record.Session    // the latest
	active    map[peerPair]bool // all names under which the session was counted as active; empty before its start
	current   peerPair          // those under which it is counted now
	handshake bool              // the first answered handshake has been timed
	listed    bool              // likewise the first answered list of tools
	lastTool  string            // the client's last call
	labels    []string          // reused, see about
}

// peerPair holds the names and versions of client and server.
type peerPair struct{ client, server record.Peer }

// newMetrics returns metrics of a session that has not started. By client, those of operations have the client's name.
func newMetrics(x *instruments, byClient bool) *metrics {
	return &metrics{
		instruments: x, active: map[peerPair]bool{}, labels: make([]string, 0, 16),
		tools: newNames(maxTargets), prompts: newNames(maxTargets), versions: newNames(maxVersions),
		codes: newNames(maxCodes), templates: newNames(maxTemplates), schemes: newNames(maxSchemes),
		clients: newNames(maxClients), byClient: byClient,
	}
}

// sessionChanged times the start of the server's process, from which on the session counts as active: without names
// until the server's first response, which completes them. When names change, the session is counted under the new
// ones instead. Without that a backend would show it under the old ones forever.
func (m *metrics) sessionChanged(s record.Session) {
	m.session = s
	m.nameServer(s.Server.Name)
	if s.Started.IsZero() {
		return
	}
	switch {
	case len(m.active) == 0:
		m.record(semconv.StartupDuration, s.Started.Sub(s.Launched).Seconds(), m.seriesOf(semconv.Phase, "process"))
	case s.Ready || s.Silent:
		m.countSession(-1)
	default:
		return // half of the names: their series would stay at 0 forever
	}
	if names := (peerPair{s.Client, s.Server}); len(m.active) < maxPeers || m.active[names] {
		m.active[names], m.current = true, names
	}
	m.countSession(1)
}

// countSession adds to the number of active sessions, under the current names.
func (m *metrics) countSession(n float64) {
	peers := peerAttributes(nil, m.current.client, m.current.server)
	m.record(semconv.SessionActive, n, newSeries(peers))
}

// message measures every message, including those that belong to no operation.
func (m *metrics) message(n record.Message) {
	direction, method := string(n.Direction), ""
	if n.Kind == record.NotificationMessage { // operations have metrics of their own, by method
		method = methodLabel(n.Method)
		m.record(semconv.Notifications, 1, m.seriesOf(semconv.Direction, direction, semconv.MethodName, method))
	}
	m.record(semconv.MessageSize, float64(n.Size),
		m.seriesOf(semconv.Direction, direction, semconv.Kind, string(n.Kind), semconv.MethodName, method))
}

// opened counts an operation as active and returns the series that it is counted under.
func (m *metrics) opened(op *record.Operation) series {
	active := m.seriesOf(m.about(op)...)
	m.record(semconv.OperationActive, 1, active)
	return active
}

// ended measures an operation that has ended. The series active counted it while it was open. It may differ from the
// present one: a list of tools that arrived in between changes labels.
func (m *metrics) ended(op *record.Operation, active series) {
	m.record(semconv.OperationActive, -1, active)
	labels := m.about(op)
	m.duration(op, labels)
	m.sizes(op, labels)
	if op.Class != "" {
		m.record(semconv.OperationErrors, 1, m.seriesOf(append(labels, semconv.ErrorClass, string(op.Class))...))
	}
	if op.Answered {
		m.startup(op)
		m.read(op)
	}
	m.tokens(op, labels)
	if op.Method == semconv.ToolsCall && op.Direction == record.ToServer {
		m.transition(m.tools.label(op.Target))
	}
	m.listTools(op)
}

// sizes measures an operation that carries content. Those of the others follow from the message's kind, and a list's from
// what it lists.
func (m *metrics) sizes(op *record.Operation, about []string) {
	if !semconv.CarriesContent(op.Method) {
		return
	}
	m.record(semconv.OperationRequestSize, float64(op.RequestSize), m.seriesOf(semconv.MethodName, methodLabel(op.Method)))
	if op.Answered {
		m.record(semconv.OperationResponseSize, float64(op.ResponseSize), m.seriesOf(about...))
	}
}

// tokens counts what models write and read, and what a server offers to them. The labels are those of the operation, except
// that requests have no tool: what fills a context is results.
func (m *metrics) tokens(op *record.Operation, labels []string) {
	if n := op.RequestTokens; n > 0 {
		m.record(semconv.OperationTokens, float64(n),
			m.seriesOf(semconv.MethodName, methodLabel(op.Method), semconv.Direction, string(op.Direction)))
	}
	if n := op.ResponseTokens; n > 0 {
		m.record(semconv.OperationTokens, float64(n), m.seriesOf(append(labels, semconv.Direction, string(op.Direction.Opposite()))...))
	}
	if op.DefinitionTokens > 0 && len(op.Definitions) > 0 {
		kind := string(op.Definitions[0].Kind) // all are of one
		m.record(semconv.DefinitionTokens, float64(op.DefinitionTokens), m.seriesOf(semconv.DefinitionKind, kind))
	}
}

// about returns the labels that identify what an operation is about, as keys and values in turn. They are valid until
// the next call.
func (m *metrics) about(op *record.Operation) []string {
	m.labels = append(m.labels[:0], semconv.MethodName, methodLabel(op.Method))
	if op.Method == semconv.ToolsCall {
		m.labels = append(m.labels, semconv.ToolName, m.tools.label(op.Target))
	}
	if m.byClient {
		m.labels = append(m.labels, semconv.ClientName, m.clients.label(m.session.Client.Name))
	}
	return m.labels
}

// duration records how long an operation took, with the attributes that OpenTelemetry's conventions ask for.
func (m *metrics) duration(op *record.Operation, about []string) {
	instrument := semconv.ServerOperationDuration
	if op.Direction == record.ToClient {
		instrument = semconv.ClientOperationDuration
	}
	labels := append(about, semconv.NetworkTransport, semconv.TransportPipe,
		semconv.ProtocolVersion, m.versions.label(op.Protocol))
	switch op.Method {
	case semconv.ToolsCall:
		labels = append(labels, semconv.OperationName, semconv.ExecuteTool)
	case semconv.PromptsGet, semconv.Complete:
		labels = append(labels, semconv.PromptName, m.prompts.label(op.Target))
	}
	code, errorType := m.codes.label(op.Code), op.ErrorType
	if errorType == op.Code {
		errorType = code // bounded like the code
	}
	labels = append(labels, semconv.ErrorType, errorType, semconv.StatusCode, code)
	m.record(instrument, op.Duration.Seconds(), m.seriesOf(labels...))
}

// startup times the first answered handshake and the first answered list of tools, from the start of the process.
func (m *metrics) startup(op *record.Operation) {
	var phase string
	switch {
	case op.Code != "" || op.ErrorType != "": // a refusal
		return
	case !m.handshake && (op.Method == semconv.Initialize || op.Method == semconv.Discover):
		phase, m.handshake = "handshake", true
	case !m.listed && op.Method == semconv.ToolsList:
		phase, m.listed = "tools", true
	default:
		return
	}
	m.record(semconv.StartupDuration, op.End.Sub(m.session.Started).Seconds(), m.seriesOf(semconv.Phase, phase))
}

// read counts an answered read of a resource.
func (m *metrics) read(op *record.Operation) {
	if op.Method != semconv.ResourcesRead {
		return
	}
	resource := m.seriesOf(semconv.Resource, m.resources(op.Resource).label(op.Resource))
	m.record(semconv.ResourceReads, 1, resource)
	m.record(semconv.ResourceSize, float64(op.ResponseSize), resource)
}

// resources returns the names that bound a template, or a scheme.
func (m *metrics) resources(resource string) *names {
	if strings.Contains(resource, "{") {
		return &m.templates
	}
	return &m.schemes
}

// transition counts the calls of one tool after another. The session's first call follows none.
func (m *metrics) transition(tool string) {
	if m.lastTool != "" {
		m.record(semconv.ToolTransitions, 1, m.seriesOf(semconv.FromTool, m.lastTool, semconv.ToTool, tool))
	}
	m.lastTool = tool
}

// listTools records the response to tools/list: the names that have series of their own from then on, and what the
// list costs the model's context, over all of its pages. A response without a list changes nothing.
func (m *metrics) listTools(op *record.Operation) {
	names := op.ToolNames()
	if names == nil && op.DefinitionSize == 0 {
		return
	}
	m.tools.list(names)
	if op.DefinitionSize == 0 {
		return
	}
	m.record(semconv.ToolsDefinitionSize, float64(op.DefinitionSize), m.seriesOf())
	m.record(semconv.ToolsListed, float64(op.ToolCount), m.seriesOf())
}

// hangs counts an operation that hangs or has ended without an answer, once.
func (m *metrics) hangs(op *record.Operation) {
	m.record(semconv.OperationHangCount, 1, m.seriesOf(append(m.about(op), semconv.Stall, string(op.Stall))...))
}

// violation counts every violation; the log has only the first of each kind.
func (m *metrics) violation(v record.Violation) {
	if v.Kind == record.LateResponse {
		m.record(semconv.OperationHangCount, 1,
			m.seriesOf(semconv.MethodName, methodLabel(v.Method), semconv.Stall, string(record.AnsweredLate)))
	}
	m.record(semconv.ProtocolViolations, 1,
		m.seriesOf(semconv.Violation, string(v.Kind), semconv.Direction, string(v.Direction)))
}

// finding counts a finding under the bounded name of what it is about.
func (m *metrics) finding(f record.Finding) {
	labels := append(m.labels[:0], semconv.Anomaly, string(f.Kind))
	switch {
	case f.Resource != "":
		labels = append(labels, semconv.Resource, m.resources(f.Resource).label(f.Resource))
	case f.Prompt != "":
		labels = append(labels, semconv.PromptName, m.prompts.label(f.Prompt))
	default:
		labels = append(labels, semconv.ToolName, m.tools.label(f.Tool))
	}
	m.labels = labels
	m.record(semconv.Anomalies, 1, m.seriesOf(labels...))
}

// measurement records a value that a rule of the user's has found. Its labels are words that the user has listed.
func (m *metrics) measurement(n record.Measurement) {
	labels := m.labels[:0]
	for _, l := range n.Labels {
		labels = append(labels, l.Name, l.Value)
	}
	m.labels = labels
	m.recordNamed(n.Rule, n.Value, m.seriesOf(labels...))
}

// definition counts a change of a definition.
func (m *metrics) definition(c record.DefinitionChange) {
	labels := append(m.labels[:0], semconv.DefinitionChange, string(c.Change), semconv.DefinitionKind, string(c.Kind))
	if c.Pinned {
		labels = append(labels, semconv.DefinitionUnlike, "true")
	}
	m.labels = labels
	m.record(semconv.DefinitionsChanged, 1, m.seriesOf(labels...))
}

// exit records the end of the session and of the server's process. The session has an error
// type only if the server ended first: a client that leaves is no failure.
func (m *metrics) exit(e record.Exit) {
	if len(m.active) > 0 {
		m.countSession(-1)
	}
	session := peerAttributes(nil, m.session.Client, m.session.Server)
	session.text(semconv.NetworkTransport, semconv.TransportPipe)
	session.text(semconv.ProtocolVersion, m.versions.label(m.session.Protocol))
	session.text(semconv.ErrorType, sessionError(e))
	m.record(semconv.ServerSessionDuration, e.Lifetime.Seconds(), newSeries(session))

	m.record(semconv.ServerExits, 1, newSeries(m.named(exitAttributes(nil, e))))
}

// methodLabel bounds a method's name: one of MCP's, or _OTHER. Responses to nothing have none, and keep none.
func methodLabel(name string) string {
	if name == "" || semconv.KnownMethod(name) {
		return name
	}
	return semconv.Other
}

// Bounds for names that a peer has chosen and that become attributes of metrics. Each is for one session.
const (
	maxTargets   = 200 // tools, and likewise prompts
	maxTemplates = 100 // URI templates that a server has listed
	maxSchemes   = 20  // schemes of URIs for which there is no template
	maxCodes     = 30  // error codes
	maxVersions  = 5   // protocol versions: more than two would be strange
	maxClients   = 10  // names of the client, by operation: likewise
	maxPeers     = 9   // names of client and server together: a peer may send another one with each message
)

// names bounds the values of one attribute of metrics. The names that have series of their own are those that the
// server has listed or, if it has not listed any, the first ones that are used. All others share one series.
type names struct {
	max    int
	known  map[string]bool
	listed bool
}

// newNames returns names of which the given number can have series of their own.
func newNames(most int) names { return names{max: most, known: map[string]bool{}} }

// list adds names that the server has listed.
func (n *names) list(all []string) {
	n.listed = n.listed || len(all) > 0
	for _, name := range all {
		n.add(name)
	}
}

// add gives a name series of its own if there is room, and reports whether it has them.
func (n *names) add(name string) bool {
	if !n.known[name] && len(n.known) < n.max {
		n.known[name] = true
	}
	return n.known[name]
}

// label returns the name itself, or _OTHER if it has no series of its own.
func (n *names) label(name string) string {
	if name == "" || n.known[name] || !n.listed && n.add(name) {
		return name
	}
	return semconv.Other
}
