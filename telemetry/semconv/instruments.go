package semconv

import "slices"

// Form is how an instrument aggregates.
type Form string

// The forms in use.
const (
	Histogram     Form = "histogram"
	Counter       Form = "counter"
	UpDownCounter Form = "up-down counter"
	Gauge         Form = "gauge"
)

// Instrument describes a metric. Package otel makes its instruments from these rows, and the tables of TELEMETRY.md are
// generated from them.
type Instrument struct {
	Name        string
	Form        Form
	Observed    bool   // its value is read at each export; otherwise it is recorded as things happen
	Unit        string // UCUM; seconds are floating-point numbers, counters and gauges of anything else are integers
	Description string
	Attributes  []string // the keys that its series may have
	Example     string   // a series with its value; the value of a histogram is its count and sum
}

// Instruments returns all instruments, in the order in which they are documented.
func Instruments() []Instrument { return slices.Clone(instruments) }

// instruments grows while the variables below are initialized, in the order in which they stand, and never after that.
// It is the exception to the rule that packages have no mutable variables: without it each metric would need a second
// row in a list, and a metric missing from that list would silently not exist.
var instruments []Instrument

func instrument(i Instrument) Instrument {
	instruments = append(instruments, i)
	return i
}

// Attributes that several instruments share.
var (
	operation = []string{MethodName, ToolName, ServerName, ClientName}
	peers     = []string{ClientName, ClientVersion, ServerName, ServerVersion}
)

// The instruments. Those under mcp. and process. are OpenTelemetry's, except for process.start_time, which is Prometheus'.
var (
	ServerOperationDuration = instrument(Instrument{
		Name: "mcp.server.operation.duration", Form: Histogram, Unit: "s",
		Description: "Time from a client's request to the end of the server's response, " +
			"less the time in which the server waited for the user.",
		Attributes: []string{
			MethodName, ToolName, PromptName, OperationName, ErrorType, StatusCode, ProtocolVersion, NetworkTransport,
			ServerName, ClientName,
		},
		Example: "{mcp.method.name=tools/call gen_ai.tool.name=fetch gen_ai.operation.name=execute_tool " +
			"error.type=tool_error mcp.protocol.version=2025-11-25 network.transport=pipe " +
			"spanpipe.server.name=test-server} count=1 sum=0.1",
	})
	ClientOperationDuration = instrument(Instrument{
		Name: "mcp.client.operation.duration", Form: Histogram, Unit: "s",
		Description: "Time from a server's request to the end of the client's response.",
		Attributes:  []string{MethodName, ErrorType, StatusCode, ProtocolVersion, NetworkTransport, ServerName, ClientName},
		Example: "{mcp.method.name=sampling/createMessage mcp.protocol.version=2025-11-25 network.transport=pipe " +
			"spanpipe.server.name=test-server} " +
			"count=1 sum=0.2",
	})
	ServerSessionDuration = instrument(Instrument{
		Name: "mcp.server.session.duration", Form: Histogram, Unit: "s",
		Description: "Time from the start of the server's process to its end.",
		Attributes:  append([]string{ProtocolVersion, NetworkTransport, ErrorType}, peers...),
		Example: "{mcp.protocol.version=2025-11-25 network.transport=pipe error.type=server_exit " +
			"spanpipe.client.name=test-client spanpipe.client.version=1.0 " +
			"spanpipe.server.name=test-server spanpipe.server.version=2.0} count=1 sum=2.5",
	})
	SessionActive = instrument(Instrument{
		Name: "spanpipe.session.active", Form: UpDownCounter, Unit: "{session}",
		Description: "Sessions that are running.", Attributes: peers,
		Example: "{spanpipe.client.name=test-client spanpipe.client.version=1.0 " +
			"spanpipe.server.name=test-server spanpipe.server.version=2.0} 0",
	})
	OperationActive = instrument(Instrument{
		Name: "spanpipe.operation.active", Form: UpDownCounter, Unit: "{operation}",
		Description: "Operations in progress.", Attributes: operation,
		Example: "{mcp.method.name=tools/call gen_ai.tool.name=search spanpipe.server.name=test-server} 0",
	})
	MessageSize = instrument(Instrument{
		Name: "spanpipe.message.size", Form: Histogram, Unit: "By",
		Description: "Size of each message on the wire; of notifications, by method.",
		Attributes:  []string{Direction, Kind, MethodName, ServerName},
		Example: "{spanpipe.direction=to_client spanpipe.message.kind=error " +
			"spanpipe.server.name=test-server} count=2 sum=162",
	})
	Notifications = instrument(Instrument{
		Name: "spanpipe.notifications", Form: Counter, Unit: "{notification}",
		Description: "Notifications, in both directions.", Attributes: []string{Direction, MethodName, ServerName},
		Example: "{spanpipe.direction=to_client mcp.method.name=notifications/progress " +
			"spanpipe.server.name=test-server} 1",
	})
	OperationRequestSize = instrument(Instrument{
		Name: RequestSize, Form: Histogram, Unit: "By",
		Description: "Size of the requests of an operation that carries content: " +
			"a call, a prompt, a read, a completion, or what a server asks of a model or a user.",
		Attributes: []string{MethodName, ServerName},
		Example:    "{mcp.method.name=tools/call spanpipe.server.name=test-server} count=14 sum=1397",
	})
	OperationResponseSize = instrument(Instrument{
		Name: ResponseSize, Form: Histogram, Unit: "By",
		Description: "Size of the responses of such an operation.", Attributes: operation,
		Example: "{mcp.method.name=tools/call gen_ai.tool.name=fetch " +
			"spanpipe.server.name=test-server} count=1 sum=109",
	})
	OperationTokens = instrument(Instrument{
		Name: "spanpipe.operation.tokens_estimated", Form: Counter, Unit: "{token}",
		Description: "Estimate (within 10 % of o200k) of the tokens that models wrote or read in operations: arguments, results and " +
			"lists, by the way that they travelled. Requests have no tool.",
		Attributes: append([]string{Direction}, operation...),
		Example: "{spanpipe.direction=to_client mcp.method.name=tools/call gen_ai.tool.name=search " +
			"spanpipe.server.name=test-server} 1",
	})
	StartupDuration = instrument(Instrument{
		Name: "spanpipe.server.startup.duration", Form: Histogram, Unit: "s",
		Description: "Time to start the process, and from its start to the first answered handshake " +
			"and the first answered list of tools.",
		Attributes: []string{Phase, ServerName},
		Example:    "{spanpipe.startup.phase=handshake spanpipe.server.name=test-server} count=1 sum=0.02",
	})
	OperationErrors = instrument(Instrument{
		Name: "spanpipe.operation.errors", Form: Counter, Unit: "{error}",
		Description: "Operations that did not succeed, whichever side was at fault, by class.",
		Attributes:  append([]string{ErrorClass}, operation...),
		Example: "{spanpipe.error.class=rate_limited mcp.method.name=tools/call gen_ai.tool.name=fetch " +
			"spanpipe.server.name=test-server} 1",
	})
	OperationHangCount = instrument(Instrument{
		Name: "spanpipe.operation.hangs", Form: Counter, Unit: "{operation}",
		Description: "Operations that hung, timed out, were cancelled or abandoned, by where they were stuck; " +
			"an answer that came afterwards counts once more, as answered_late.",
		Attributes: append([]string{Stall}, operation...),
		Example: "{spanpipe.stall=client_gave_up mcp.method.name=prompts/get " +
			"spanpipe.server.name=test-server} 1",
	})
	ResourceReads = instrument(Instrument{
		Name: "spanpipe.resource.reads", Form: Counter, Unit: "{read}",
		Description: "Answered reads of resources.", Attributes: []string{Resource, ServerName},
		Example: "{spanpipe.resource=note://{id} spanpipe.server.name=test-server} 1",
	})
	ResourceSize = instrument(Instrument{
		Name: "spanpipe.resource.size", Form: Histogram, Unit: "By",
		Description: "Size of the responses to reads of resources.", Attributes: []string{Resource, ServerName},
		Example: "{spanpipe.resource=file spanpipe.server.name=test-server} count=1 sum=79",
	})
	ToolTransitions = instrument(Instrument{
		Name: "spanpipe.tool.transitions", Form: Counter, Unit: "{transition}",
		Description: "Consecutive calls, from one tool to the next.", Attributes: []string{FromTool, ToTool, ServerName},
		Example: "{spanpipe.tool.from=search spanpipe.tool.to=fetch spanpipe.server.name=test-server} 1",
	})
	Anomalies = instrument(Instrument{
		Name: "spanpipe.anomalies", Form: Counter, Unit: "{anomaly}",
		Description: "Calls that stand out from the session's own past, or from the server's earlier sessions.",
		Attributes:  []string{Anomaly, ToolName, PromptName, Resource, ServerName},
		Example:     "{spanpipe.anomaly.kind=loop gen_ai.tool.name=search spanpipe.server.name=test-server} 1",
	})
	DefinitionsChanged = instrument(Instrument{
		Name: "spanpipe.definitions.changed", Form: Counter, Unit: "{definition}",
		Description: "Tools, prompts, resource templates and instructions that are not what they were, see TELEMETRY.md.",
		Attributes:  []string{DefinitionChange, DefinitionKind, DefinitionUnlike, ServerName},
		Example: "{spanpipe.definition.change=changed spanpipe.definition.kind=resource_template " +
			"spanpipe.server.name=test-server} 1",
	})
	ToolsDefinitionSize = instrument(Instrument{
		Name: "spanpipe.tools.definition.size", Form: Gauge, Unit: "By",
		Description: "Size of the last list of tools, over all its pages: what it costs the model's context.",
		Attributes:  []string{ServerName},
		Example:     "{spanpipe.server.name=test-server} 100",
	})
	ToolsListed = instrument(Instrument{
		Name: "spanpipe.tools.listed", Form: Gauge, Unit: "{tool}",
		Description: "Tools in the last list, over all its pages.",
		Attributes:  []string{ServerName},
		Example:     "{spanpipe.server.name=test-server} 2",
	})
	DefinitionTokens = instrument(Instrument{
		Name: "spanpipe.definitions.tokens_estimated", Form: Gauge, Unit: "{token}",
		Description: "Estimate (within 10 % of o200k) of the tokens of the last list of what the server offers, over all its pages, and of " +
			"its instructions, by kind. Of these, tools and instructions are in a model's context from the start.",
		Attributes: []string{DefinitionKind, ServerName},
		Example:    "{spanpipe.definition.kind=tool spanpipe.server.name=test-server} 30",
	})
	ServerExits = instrument(Instrument{
		Name: "spanpipe.server.exits", Form: Counter, Unit: "{exit}",
		Description: "Exits of server processes.", Attributes: []string{Exit, ExitCode, Signal, InFlight, ServerName},
		Example: "{spanpipe.exit.reason=signal spanpipe.exit.signal=SIGSEGV spanpipe.exit.in_flight=true " +
			"spanpipe.server.name=test-server} 1",
	})
	ProtocolViolations = instrument(Instrument{
		Name: "spanpipe.protocol.violations", Form: Counter, Unit: "{violation}",
		Description: "Messages and other lines on the wire that the protocol does not allow.",
		Attributes:  []string{Violation, Direction, ServerName},
		Example: "{spanpipe.violation.kind=noise spanpipe.direction=to_client " +
			"spanpipe.server.name=test-server} 1",
	})
	ProcessCPUTime = instrument(Instrument{
		Name: "process.cpu.time", Form: Counter, Observed: true, Unit: "s",
		Description: "CPU time of the server's process and its descendants.", Attributes: []string{CPUMode},
		Example: "{cpu.mode=user} 10800",
	})
	ProcessMemoryUsage = instrument(Instrument{
		Name: "process.memory.usage", Form: UpDownCounter, Observed: true, Unit: "By",
		Description: "Resident memory of the server's process and its descendants.",
		Example:     "{} 25563136",
	})
	MemoryLimit = instrument(Instrument{
		Name: "spanpipe.memory.limit", Form: UpDownCounter, Observed: true, Unit: "By",
		Description: "Memory that the control groups of the server's process allow, on Linux. There is none if they set no limit.",
		Example:     "{} 536870912",
	})
	ProcessFileDescriptors = instrument(Instrument{
		Name: "process.unix.file_descriptor.count", Form: UpDownCounter, Observed: true, Unit: "{file_descriptor}",
		Description: "Open file descriptors of the server's process and its descendants.",
		Example:     "{} 15",
	})
	ProcessThreads = instrument(Instrument{
		Name: "process.thread.count", Form: UpDownCounter, Observed: true, Unit: "{thread}",
		Description: "Threads of the server's process and its descendants.",
		Example:     "{} 6",
	})
	ProcessUptime = instrument(Instrument{
		Name: "process.uptime", Form: Gauge, Observed: true, Unit: "s",
		Description: "Time for which the server's process has been running.",
		Example:     "{} 12.5",
	})
	ProcessStartTime = instrument(Instrument{
		Name: "process.start_time", Form: Gauge, Observed: true, Unit: "s",
		Description: "Start of the server's process, as Unix time.",
		Example:     "{} 1764201600.25",
	})
	TelemetryDropped = instrument(Instrument{
		Name: "spanpipe.telemetry.dropped", Form: Counter, Observed: true, Unit: "{record}",
		Description: "Messages, spans, log records and lines of the console that could not be recorded, sent, stored or written.",
		Attributes:  []string{LossReason},
		Example:     "{spanpipe.reason=span} 0",
	})
)
