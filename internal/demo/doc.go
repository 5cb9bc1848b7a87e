// Package demo holds what "spanpipe demo" shows: a small MCP server, an agent that uses it, and a picture of the
// session. What the two say is fixed, but everything between them is real: the server is a process of its own behind
// the relay, and the picture is drawn from the records of its telemetry, with measured times.
//
// It must not import OpenTelemetry or the relay; internal/cli wires it.
package demo
