// Command soak runs random sessions through the built program for a given time: go run ./internal/soak -for 2m.
//
// It owns a client, a server (this binary in another role) and a collector, all of which behave differently in each
// session: calls and responses of any size in chunks of any size, noise between them, calls that are never answered,
// slow readers. A session is ended by the client, by the server, by a signal to either, or by KILL to the wrapper, in
// the middle of whatever is under way. A collector is healthy, or changes its behavior every few milliseconds.
//
// Everything about a session except times follows from -seed and its number, and a session that fails is reported with the
// command that repeats it. Checked are, in each session: every byte in both directions, the exit status, every call against
// the spans that arrived and the losses that were counted, and that no process is left. Beside them, one session lasts as
// long as the soak; its memory, descriptors and threads must not grow.
//
// With -verdicts it runs sessions with servers that are stuck in a known way instead, and prints how often the verdict about
// their call (spanpipe.stall) was true. More than 1 % of false ones are a failure.
//
// Of this module it imports only otlptest and mcptest: it knows about the product what a user knows.
package main
