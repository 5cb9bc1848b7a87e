// Package session turns the messages of one MCP session into records.
//
// # What goes in
//
// A [framing.Scanner] reads each direction and picks a few members out of every message: those that [Reader.Table] asks
// for. A [Decoder] turns them into a [Raw], a message that can be kept. Raw has two halves. Its [Message] holds names,
// ids, sizes, times and codes. The other half is content: the resource's URI, and the texts and objects that a user
// asked to capture. The caller redacts that half, puts the result into Message.Extra, and gives the Message to
// [Tracker.Observe]. So the tracker never has raw content, and neither has any record.
//
// # What comes out
//
// A [Tracker] finds the response to each request, follows calls that take several round trips (tasks, requests for
// the user's input), and notices what the protocol does not allow. It reports to a [Sink], as records of package
// record: an operation opens, changes and ends; everything else is a note. A record is a copy, so a sink may keep it.
//
// # How time works
//
// The tracker has no clock. A time is a duration since the start of the session on the monotonic clock: messages carry
// the times at which their first and last byte were read, and [Tracker.Advance] passes the time when there are no
// messages. The same messages at the same times make the same records. [Config.Wall] converts to the wall clock, for
// records alone.
//
// The two directions are read by two goroutines, so a response can be observed before its request. It waits a second
// for the request.
//
// # Limits
//
// The package starts no goroutine and waits for nothing. Every table has a bound, whatever the peers send. It must not
// import OpenTelemetry: how records become spans and metrics is the business of package otel.
package session
