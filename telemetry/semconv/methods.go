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
	// Requests of the server. In 2026-07-28 it has none: it asks for input in its responses instead.
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

// traits say how requests of a method differ from an ordinary one.
type traits struct{ longLived, asks, aboutTask, person, paged, target, content bool }

// methods holds every method above: a new one takes a constant and an entry here, and a test compares the two.
var methods = map[string]traits{
	Initialize: {}, Discover: {}, Ping: {}, SetLevel: {},
	ToolsList: {paged: true}, PromptsList: {paged: true}, ResourcesList: {paged: true}, ResourceTemplatesList: {paged: true},
	ToolsCall: {asks: true, target: true, content: true}, PromptsGet: {asks: true, target: true, content: true},
	Complete: {asks: true, target: true, content: true}, ResourcesRead: {asks: true, content: true},
	ResourcesSubscribe: {}, ResourcesUnsubscribe: {}, SubscriptionsListen: {longLived: true},
	TasksGet: {aboutTask: true}, TasksCancel: {aboutTask: true}, TasksList: {aboutTask: true, paged: true},
	TasksUpdate: {aboutTask: true}, TasksResult: {aboutTask: true, longLived: true},

	SamplingCreateMessage: {person: true, content: true}, ElicitationCreate: {person: true, content: true},
	RootsList: {person: true},

	Initialized: {}, Cancelled: {}, Progress: {}, LogMessage: {}, ElicitationComplete: {}, SubscriptionsConfirmed: {},
	ResourcesUpdated: {}, ToolsListChanged: {}, PromptsListChanged: {}, ResourcesListChanged: {}, RootsListChanged: {},
	TasksStatus: {}, TasksNotification: {},
}

// KnownMethod reports whether a method is one of MCP's. A peer may choose any number of other names, which must
// therefore not become labels of metrics or names of spans.
func KnownMethod(name string) bool {
	_, known := methods[name]
	return known
}

// HasTarget reports whether a request of the method names a tool or prompt.
func HasTarget(method string) bool { return methods[method].target }

// CarriesContent reports whether a request of the method, or its response, is content, as opposed to a list or a setting.
func CarriesContent(method string) bool { return methods[method].content }

// LongLived reports whether a request of the method normally stays open for long, so that waiting is no sign of a slow
// server: subscriptions/listen lasts as long as the subscription, and tasks/result blocks until the task has ended.
func LongLived(method string) bool { return methods[method].longLived }

// MayAsk reports whether the server may send requests of its own in the course of a client's request. A method that is
// not MCP's may do anything.
func MayAsk(method string) bool { return methods[method].asks || !KnownMethod(method) }

// AboutTask reports whether a request of the method is about tasks that exist. Its response never creates one,
// whatever its resultType: some examples of the specification answer tasks/get with the resultType "task".
func AboutTask(method string) bool { return methods[method].aboutTask }

// AsksPerson reports whether a person may have to decide about a request of the method, in a time that says nothing
// about either peer: the user fills in an elicitation, approves a sampling request or chooses roots.
func AsksPerson(method string) bool { return methods[method].person }

// Paged reports whether the response to a request of the method is a page of a list.
func Paged(method string) bool { return methods[method].paged }
