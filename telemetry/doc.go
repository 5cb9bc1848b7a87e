// Package telemetry watches one MCP session and turns its messages into records.
//
// It owns the path from relayed bytes to sinks, a pipeline with one stage a file:
//
//	Tap        scans and decodes what the relay has forwarded (one for each direction, in the relay's goroutine)
//	queue      bounded; what does not fit is dropped and counted
//	consumer   one goroutine: merges the two directions by time
//	redactor   the last place that sees captured content; makes messages that hold none
//	session    a state machine that correlates messages and makes records
//	fanout     hands each record to every Sink: OpenTelemetry, the console, the anomaly detector, …
//
// It promises that a Tap never blocks and never fails the session: a panic anywhere in the pipeline switches
// telemetry off and is reported once. Everything that had to be dropped is counted, and the counts are exported.
// Nothing is collected or sent beyond the consent.Policy it was given.
//
// It must not import the packages wrap and internal: a Tap satisfies the relay's interface by its methods alone. No
// package of this module is a public API before version 1.0.
package telemetry
