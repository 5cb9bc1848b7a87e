// Package telemetry turns the messages of one MCP session into OpenTelemetry spans, metrics and logs.
//
// It owns the way from bytes to a collector. A Tap in each direction of the relay scans what has been forwarded and copies
// what is to be known of a message, no content, into a bounded queue. One goroutine, the consumer, takes batches from the
// queue in order of time, lets a session.Tracker find the operations, and records them. The SDK's batch processors send.
//
// It promises that no tap blocks; that nothing here can fail a session (what goes wrong is told once to the logger, and a
// panic switches telemetry off); that what had to be dropped is counted; and that nothing is collected or sent beyond
// the consent.Policy it was given.
//
// It must not import the packages wrap and internal/cli: a Tap fits the relay by its methods alone.
package telemetry
