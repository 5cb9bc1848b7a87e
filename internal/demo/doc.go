// Package demo holds the two sides of the session that "spanpipe demo" draws: a small MCP server, and an agent that uses
// it. What they say is fixed, but everything between them is real: the server is a process of its own behind the relay,
// and the picture is drawn from the records of its telemetry, with measured times.
//
// It must not import OpenTelemetry or the relay; internal/cli wires it.
package demo
