package semconv

// The methods of MCP, versions 2024-11-05 to 2026-07-28 and the tasks extension. The schema of each version lists its
// own (https://modelcontextprotocol.io/specification).
const (
	// Requests of the client. Discover takes the place of Initialize in 2026-07-28, SubscriptionsListen that of
	// ResourcesSubscribe and ResourcesUnsubscribe.
	Initialize            = "initialize"
	Discover              = "server/discover"
	Ping                  = "ping"
	ToolsList             = "tools/list"
	ToolsCall             = "tools/call"
	PromptsList           = "prompts/list"
	PromptsGet            = "prompts/get"
	ResourcesList         = "resources/list"
	ResourceTemplatesList = "resources/templates/list"
	ResourcesRead         = "resources/read"
	ResourcesSubscribe    = "resources/subscribe"
	ResourcesUnsubscribe  = "resources/unsubscribe"
	SubscriptionsListen   = "subscriptions/listen"
	Complete              = "completion/complete"
	SetLevel              = "logging/setLevel"
	TasksGet              = "tasks/get"
	TasksCancel           = "tasks/cancel"
	TasksResult           = "tasks/result"
	TasksList             = "tasks/list"
	TasksUpdate           = "tasks/update"
	// Requests of the server. In 2026-07-28 it has none: it asks for input in its answers instead.
	SamplingCreateMessage = "sampling/createMessage"
	RootsList             = "roots/list"
	ElicitationCreate     = "elicitation/create"
	// Notifications of either side.
	Initialized            = "notifications/initialized"
	Cancelled              = "notifications/cancelled"
	Progress               = "notifications/progress"
	LogMessage             = "notifications/message"
	ResourcesUpdated       = "notifications/resources/updated"
	ToolsListChanged       = "notifications/tools/list_changed"
	PromptsListChanged     = "notifications/prompts/list_changed"
	ResourcesListChanged   = "notifications/resources/list_changed"
	RootsListChanged       = "notifications/roots/list_changed"
	ElicitationComplete    = "notifications/elicitation/complete"
	TasksStatus            = "notifications/tasks/status"
	TasksNotification      = "notifications/tasks"
	SubscriptionsConfirmed = "notifications/subscriptions/acknowledged"
)

// methods holds all of them, for KnownMethod. Go cannot list a block of constants.
var methods = map[string]bool{
	Initialize: true, Discover: true, Ping: true, ToolsList: true, ToolsCall: true, PromptsList: true, PromptsGet: true,
	ResourcesList: true, ResourceTemplatesList: true, ResourcesRead: true, ResourcesSubscribe: true,
	ResourcesUnsubscribe: true, SubscriptionsListen: true, Complete: true, SetLevel: true, TasksGet: true,
	TasksCancel: true, TasksResult: true, TasksList: true, TasksUpdate: true, SamplingCreateMessage: true,
	RootsList: true, ElicitationCreate: true, Initialized: true, Cancelled: true, Progress: true, LogMessage: true,
	ResourcesUpdated: true, ToolsListChanged: true, PromptsListChanged: true, ResourcesListChanged: true,
	RootsListChanged: true, ElicitationComplete: true, TasksStatus: true, TasksNotification: true,
	SubscriptionsConfirmed: true,
}

// KnownMethod reports whether a method is one of MCP's. A peer may choose any number of other names, which must
// therefore not become labels of metrics or names of spans.
func KnownMethod(name string) bool { return methods[name] }

// LongLived reports whether a request of the method normally stays open for long, so that waiting is no sign of a slow
// server.
func LongLived(method string) bool { return method == SubscriptionsListen || method == TasksResult }
