// Package demo holds what "spanpipe demo" shows: a small MCP server, an agent that uses it, and a picture of the spans
// that came of it. Nothing is canned: the server is a process of its own behind the real relay, and the picture is drawn
// from the spans that the real telemetry made.
//
// It imports OpenTelemetry's span types and the names of telemetry/semconv, nothing else of ours; internal/cli wires it.
package demo
