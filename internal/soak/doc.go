// Command soak runs sessions through the built program for as long as it is told, each another one: go run ./internal/soak
// -for 2m.
//
// It owns a client, a server (this binary in another role) and a receiver for telemetry, all of which do something else in
// each session: calls and answers of any size, in chunks of any size, noise between them, calls that are never answered,
// readers that are slow; a session ends by the client, by the server, by a signal to either, or by KILL to the wrapper, in the
// middle of whatever was under way; a collector is healthy, or does something else every few milliseconds.
//
// It promises that all of a session follows from -seed and its number, but for the times at which things happen: a session
// that fails is told with the command that runs it again. Checked are, in each session: what the client heard and what the
// server heard, by hash, against what was said; the exit status; every call against the spans that arrived and the number that
// is told as lost; and that no process is left. A session beside them lasts as long as the soak, and what it has in memory,
// descriptors and threads must not grow.
//
// Of this module it imports the receiver alone: it knows of the product what a user does.
package main
