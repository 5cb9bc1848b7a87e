// Package session makes operations of the messages of one MCP session: it finds the answer to each request, follows what
// takes several round trips, and says what on the wire should not have been there.
//
// A [Decoder] reads what a [framing.Scanner] has picked out of a message and keeps names, sizes, times and codes, never
// content: texts of errors are classified and forgotten, arguments and opaque states are keyed hashes that tell equal from
// different and nothing else. A [Tracker] takes those messages and tells an [Observer] of operations that start and
// finish, of notifications, and of violations of the protocol. It is a pure state machine: time comes with the messages,
// it starts nothing, waits for nothing, and its memory is bounded whatever the peers send.
//
// What is known of a session comes from two streams that are read by two goroutines, so that an answer can be seen before
// its request. Messages carry the times at which they were read, and those decide.
//
// The package imports framing and telemetry/semconv's words, and must not import OpenTelemetry: how operations become spans
// and metrics is the business of package telemetry.
package session
