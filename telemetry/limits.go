package telemetry

// How much a session holds in memory at most.
const (
	// openLimit bounds the operations that are open at once. No host comes near it: each takes about a kilobyte, and
	// a flood of requests that are never answered must not cost more than that.
	openLimit = 2000
	// maxWaiting bounds the requests whose responses are to be copied, as those that are open.
	maxWaiting = openLimit

	// messageLimit bounds the messages that wait for the consumer. At the highest rate that a pipe carries it is
	// about 3 ms. A larger one only costs memory: what falls behind by that much does not catch up.
	messageLimit = 2048
	// lineLimit bounds the lines of stderr that wait.
	lineLimit = 4096
	// contentLimit bounds the bytes of captured content among both.
	contentLimit = 4 << 20
)
