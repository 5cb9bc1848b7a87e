// Package otlp is the way out: it makes the span processor, metric reader and log processor that send a session's
// telemetry to a collector by OTLP, over gRPC or HTTP, or write it to a preview; and the senders of what was stored.
//
// It owns what OpenTelemetry's SDK leaves to the program: the choice of a protocol and endpoint, checks of variables at
// which the SDK would panic, an account of everything that was not delivered, and the process-wide handlers of the
// SDK, gRPC and package log (process.go).
//
// It promises that a failed or hanging export never affects the session, that each kind of failure is reported once,
// and that no value of an environment variable, and no credential that a collector quotes, reaches a log.
//
// It must not import the rest of the telemetry: it knows nothing of MCP and receives finished spans, metrics and log
// records from the SDK, and finished requests from package push.
package otlp
