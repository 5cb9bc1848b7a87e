// Package demo holds what "spanpipe demo" shows: a small MCP server, an agent that uses it, and a picture of the
// session. Nothing is canned: the server is a process of its own behind the real relay, and the picture is drawn from
// the records of the real telemetry.
//
// It must not import OpenTelemetry or the relay; internal/cli wires it.
package demo
