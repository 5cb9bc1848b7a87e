// Package report adds up the calls of many sessions: how many there were of each tool, resource, prompt, server, client or
// day, how many failed and why, how long they took, and what has changed since the window before.
//
// # What counts
//
// A call is a request of the client for a tool, a resource or a prompt; package view decides how it ended and whether it
// counts as failed. A call belongs to the window in which it started, whatever its session did. One that is still open
// is no call yet, and counts only as hung if it is.
//
// Durations are those of calls that were answered, and of those for which the client stopped waiting: without the latter,
// a tool would look the faster the more often it hangs. Percentiles are exact: the smallest duration that is not exceeded
// by so many of them.
//
// # How it works
//
// Sessions are read in parallel. Each reader adds its calls to the finest groups there are (see key), and the rows of
// every kind of report are sums of those.
//
// The package reads no files and knows no clock: its caller names the sessions and the window. It must not import the
// store, so that a report can be made of whatever yields operations.
package report
